/** The course of a print on its own time axis, which stands still while paused (docs/protocol.md §7). */
import type { PrintOrder } from './print-order.js';

export type Activity = 'IDLE' | 'PREPARE' | 'SLICING' | 'RUNNING' | 'PAUSE' | 'FINISH' | 'FAILED';

export interface PlanStep {
  /** Milliseconds of job time. */
  readonly atMs: number;
  readonly activity: 'PREPARE' | 'SLICING' | 'RUNNING';
  readonly stage: number;
}

const PREPARE_MS = 8_000;
const SLICING_MS = 3_000;
/** Longest opening stage; short prints open faster. */
const STAGE_MS = 30_000;

export class PrintPlan {
  readonly steps: readonly PlanStep[];
  readonly sliceAtMs = PREPARE_MS;
  readonly runAtMs = PREPARE_MS + SLICING_MS;
  /** First layer begins. */
  readonly layersAtMs: number;
  readonly endMs: number;

  constructor(
    readonly order: PrintOrder,
    openingStages: readonly number[],
  ) {
    const printMs = order.predictionSeconds * 1000;
    const stageMs = Math.min(STAGE_MS, (printMs * 0.2) / Math.max(1, openingStages.length));
    this.layersAtMs = this.runAtMs + stageMs * openingStages.length;
    this.endMs = this.runAtMs + printMs;
    this.steps = [
      { atMs: 0, activity: 'PREPARE', stage: 0 },
      { atMs: this.sliceAtMs, activity: 'SLICING', stage: 0 },
      ...openingStages.map((stage, i) => ({
        atMs: this.runAtMs + stageMs * i,
        activity: 'RUNNING' as const,
        stage,
      })),
      { atMs: this.layersAtMs, activity: 'RUNNING', stage: 0 },
    ];
  }

  /** Job time at which a layer (from 1) begins. */
  layerAtMs(layer: number): number {
    const share = Math.min(Math.max(0, layer - 1), this.order.layers) / Math.max(1, this.order.layers);
    return this.layersAtMs + share * (this.endMs - this.layersAtMs);
  }

  /** Layer being printed, 0 before the first. */
  layer(atMs: number): number {
    if (atMs < this.layersAtMs) return 0;
    const share = (atMs - this.layersAtMs) / Math.max(1, this.endMs - this.layersAtMs);
    return Math.min(this.order.layers, 1 + Math.floor(share * this.order.layers + 1e-9));
  }

  /** 0 to 100; 100 only at the end. */
  percent(atMs: number): number {
    if (atMs >= this.endMs) return 100;
    const share = (atMs - this.runAtMs) / Math.max(1, this.endMs - this.runAtMs);
    return Math.min(99, Math.max(0, Math.floor(share * 100)));
  }

  /** 0 to 100 while the file is fetched and unpacked. */
  preparePercent(atMs: number): number {
    return Math.min(100, Math.max(0, Math.floor((atMs / this.sliceAtMs) * 100)));
  }

  /** Share of the filament used, 0 to 1. */
  used(atMs: number): number {
    const share = (atMs - this.layersAtMs) / Math.max(1, this.endMs - this.layersAtMs);
    return Math.min(1, Math.max(0, share));
  }

  /** Whole minutes left at normal speed. */
  remainingMinutes(atMs: number): number {
    return Math.ceil(Math.max(0, this.endMs - Math.max(atMs, this.runAtMs)) / 60_000);
  }
}
