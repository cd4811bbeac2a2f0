import type { MaintenanceStatus, MaintenanceTrigger } from '../contract/enums.js';

/** When the interval began, and what the printer has printed then and now. */
export interface Upkeep {
  readonly triggerType: MaintenanceTrigger;
  /** Hours, days or jobs; above 0. */
  readonly interval: number;
  /** Percent. */
  readonly warningThresholdPct: number;
  /** In the unit of the interval. */
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly hoursAtStart: number;
  readonly jobsAtStart: number;
  readonly hours: number;
  readonly jobs: number;
}

export interface UpkeepStatus {
  /** In the unit of the interval, to the hundredth. */
  readonly elapsed: number;
  /** Percent of the interval, to the hundredth; may exceed 100. */
  readonly progress: number;
  readonly status: MaintenanceStatus;
}

const DAY_MS = 86_400_000;

/** How far a piece of upkeep is. A counter that was set back, or a clock, counts as nothing passed. */
export function upkeepStatus(upkeep: Upkeep, now: number): UpkeepStatus {
  const elapsed = Math.max(0, passed(upkeep, now)) + upkeep.offset;
  const progress = (elapsed / upkeep.interval) * 100;
  return { elapsed: rounded(elapsed), progress: rounded(progress), status: statusAt(progress, upkeep) };
}

function passed(upkeep: Upkeep, now: number): number {
  switch (upkeep.triggerType) {
    case 'print_hours':
      return upkeep.hours - upkeep.hoursAtStart;
    case 'job_count':
      return upkeep.jobs - upkeep.jobsAtStart;
    case 'calendar_days':
      return (now - upkeep.startedAt) / DAY_MS;
  }
}

function statusAt(progress: number, { warningThresholdPct }: Upkeep): MaintenanceStatus {
  if (progress >= 100) return 'OVERDUE';
  return progress >= warningThresholdPct ? 'DUE_SOON' : 'OK';
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
