/** What is still to happen to a job, in order: its own course, what its file holds in store, and injected faults. */
import { FAULTS, type FaultSet } from './faults.js';
import type { Job } from './job.js';
import type { PlanStep } from './print-plan.js';

export interface JobEvent {
  readonly key: string;
  /** Milliseconds of job time. */
  readonly atMs: number;
  readonly run: () => void;
}

/** What the machine does when an event comes. */
export interface JobActs {
  step(step: PlanStep): void;
  /** Ends as failed with this print_error. */
  fail(code: number): void;
  /** Pauses before it has begun, for good. */
  hold(code: number): void;
  pause(stage: number, code: number): void;
  stop(): void;
  checkSpools(): void;
  finish(): void;
}

const STAGE_USER_PAUSE = 16;
const STAGE_MACHINE_PAUSE = 5;

export function upcomingEvents(job: Job, faults: FaultSet, acts: JobActs): JobEvent[] {
  return [...ownEvents(job, acts), ...injectedEvents(job, faults, acts)]
    .filter((event) => !job.done.has(event.key))
    .sort((a, b) => a.atMs - b.atMs);
}

/** The file has been opened and found out. */
function openedAtMs(job: Job): number {
  return job.plan.sliceAtMs - 1;
}

function ownEvents(job: Job, acts: JobActs): JobEvent[] {
  const { plan, order } = job;
  const events: JobEvent[] = plan.steps.map((step, i) => ({
    key: `step ${i}`,
    atMs: step.atMs,
    run: () => acts.step(step),
  }));
  const { finding } = order;
  if (finding.kind === 'fails') {
    events.push({ key: 'finding', atMs: openedAtMs(job), run: () => acts.fail(finding.code) });
  }
  if (finding.kind === 'holds') {
    events.push({ key: 'finding', atMs: openedAtMs(job), run: () => acts.hold(finding.code) });
  }
  events.push({ key: 'spools', atMs: plan.layersAtMs, run: () => acts.checkSpools() });
  events.push({ key: 'end', atMs: plan.endMs, run: () => acts.finish() });
  return events;
}

/** Every fault acts once per job at most. */
function injectedEvents(job: Job, faults: FaultSet, acts: JobActs): JobEvent[] {
  const { plan } = job;
  const event = (id: number, atMs: number, act: () => void): JobEvent => ({
    key: `fault ${id}`,
    atMs,
    run: () => {
      faults.spend(id);
      act();
    },
  });
  return [
    ...faults
      .all(FAULTS.jobFailPrepare)
      .map(({ id, args }) => event(id, openedAtMs(job), () => acts.fail(args.code))),
    ...faults
      .all(FAULTS.jobFailAt)
      .map(({ id, args }) => event(id, plan.layerAtMs(args.layer), () => acts.fail(args.code))),
    ...faults
      .all(FAULTS.jobFinishAt)
      .map(({ id, args }) => event(id, plan.layerAtMs(args.layer), () => acts.finish())),
    ...faults.all(FAULTS.jobPauseAt).map(({ id, args }) => {
      const stage = args.code === undefined ? STAGE_USER_PAUSE : STAGE_MACHINE_PAUSE;
      return event(id, plan.layerAtMs(args.layer), () => acts.pause(stage, args.code ?? 0));
    }),
    ...faults
      .all(FAULTS.jobCancelOnScreen)
      .map(({ id, args }) => event(id, plan.layerAtMs(args.layer ?? 0), () => acts.stop())),
  ];
}
