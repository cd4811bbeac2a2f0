import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { type CrashFloor, SPEED, until } from './crash-floor.js';

/** What happens around a crash. */
export interface Scenario {
  /** Short names of the models on which it can be seen. */
  readonly models: readonly string[];
  /** Virtual seconds a second while it goes on, when the usual speed leaves people no time. */
  readonly speed?: number;
  prepare?(printer: EmulatedPrinter): void;
  /** What a person does, in the first life of the daemon and again in the second. Ends by itself or with an error. */
  act?(floor: CrashFloor, printer: EmulatedPrinter, jobId: string): Promise<void>;
}

export interface CrashCase {
  readonly point: string;
  readonly scenario: keyof typeof SCENARIOS;
}

const MODELS = ['X1C', 'P1S', 'A1M', 'A1', 'H2D', 'P2S'];
const MOMENTS_MS = 15_000;

const shows = (floor: CrashFloor, jobId: string, wanted: string) =>
  until(
    async () => {
      const { status } = await floor.job(jobId);
      return status === wanted ? null : status;
    },
    MOMENTS_MS,
    `the job to be ${wanted}`,
  );

export const SCENARIOS = {
  plain: { models: MODELS },
  /** The id shows while the machine still stands. */
  slow: {
    models: ['H2D'],
    prepare: (printer) => printer.addFault('job.slowStart', { seconds: 400, times: 1 }),
  },
  broken: {
    models: MODELS,
    prepare: (printer) => printer.addFault('ftp.dropAt', { bytes: 1_500, times: 1 }),
  },
  idle: {
    models: ['X1C', 'P1S', 'A1'],
    prepare: (printer) => printer.addFault('job.neverStart', { times: 1 }),
  },
  failing: {
    models: MODELS,
    prepare: (printer) => printer.addFault('job.failAt', { layer: 3, code: '0300_4006' }),
  },
  cancelled: {
    models: MODELS,
    speed: 60,
    async act(floor, _printer, jobId) {
      await shows(floor, jobId, 'printing');
      await floor.cancel(jobId);
      floor.emulator.setSpeed(SPEED);
    },
  },
  /** The printer cannot be told until it is back. */
  cancelledAway: {
    models: MODELS,
    speed: 60,
    async act(floor, printer, jobId) {
      await shows(floor, jobId, 'printing');
      printer.addFault('net.refuse');
      printer.addFault('net.drop');
      await until(
        async () => ((await floor.row(printer)).isOnline ? 'online' : null),
        MOMENTS_MS,
        'the printer to be away',
      );
      await floor.cancel(jobId);
      printer.clearFaults();
      floor.emulator.setSpeed(SPEED);
    },
  },
  cancelledUpload: {
    models: MODELS,
    prepare: (printer) => printer.addFault('ftp.slow', { bytesPerSecond: 1_500 }),
    async act(floor, printer, jobId) {
      await shows(floor, jobId, 'sending-to-printer');
      await floor.cancel(jobId);
      printer.clearFaults();
    },
  },
  paused: {
    models: MODELS,
    prepare: (printer) => printer.addFault('job.pauseAt', { layer: 3, times: 1 }),
    async act(floor, printer, jobId) {
      await shows(floor, jobId, 'paused');
      printer.pressResume();
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>;

const around = (scenario: CrashCase['scenario'], ...steps: readonly string[]): CrashCase[] =>
  steps.flatMap((step) => [
    { scenario, point: `before:${step}` },
    { scenario, point: `after:${step}` },
  ]);

/**
 * Before and after every durable step and every effect of a dispatch, and of whatever else is written meanwhile, in
 * groups of which each is done within half a minute.
 */
export const CRASH_CASES: Readonly<Record<string, readonly CrashCase[]>> = {
  reserving: around('plain', 'reserved', 'transferring'),
  sending: around('plain', 'upload', 'transferred'),
  'sending-again': around('broken', 'transferring-again'),
  starting: around('plain', 'check-start', 'start-sent'),
  accepted: [...around('plain', 'start'), ...around('slow', 'accepted')],
  confirming: around('idle', 'refresh'),
  'ordering-again': around('idle', 'start-sent-again'),
  'starting-again': around('idle', 'start-again'),
  printing: [...around('plain', 'printing'), ...around('paused', 'paused', 'resumed')],
  stopping: around('cancelled', 'stop-sent', 'stop'),
  cancelling: [...around('cancelledAway', 'cancel-asked'), ...around('cancelledUpload', 'abort-upload')],
  ending: [...around('plain', 'ended', 'remove'), { scenario: 'plain', point: 'after:removed' }],
  noting: [...around('failing', 'error-noted'), ...around('plain', 'commit')],
};
