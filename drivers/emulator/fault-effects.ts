/** Faults that act the moment they are injected; all others wait until somebody asks `FaultSet`. */
import { FAULTS, type Fault, type FaultSet } from './faults.js';
import type { Identity } from './identity.js';
import type { Machine } from './machine.js';

export interface FaultTarget {
  readonly machine: Machine;
  readonly faults: FaultSet;
  readonly identity: Identity;
  dropSockets(): void;
  rotateCode(code: string | undefined): void;
  moveTo(host: string): void;
  cutPower(virtualSeconds: number | undefined): void;
  flap(virtualSeconds: number): void;
  startExternalJob(name: string, seconds: number): void;
  setSpool(unitId: number, slotIndex: number, spool: null): void;
}

const DAY_MS = 86_400_000;

const EFFECTS: ReadonlyMap<string, (target: FaultTarget) => void> = new Map<
  string,
  (target: FaultTarget) => void
>([
  [
    FAULTS.netDrop.name,
    (target) => {
      spent(target, FAULTS.netDrop);
      target.dropSockets();
    },
  ],
  [
    FAULTS.netIpChange.name,
    (target) => {
      const args = spent(target, FAULTS.netIpChange);
      if (args !== null) target.moveTo(args.host);
    },
  ],
  [FAULTS.mqttRotateCode.name, (target) => target.rotateCode(spent(target, FAULTS.mqttRotateCode)?.code)],
  [FAULTS.mqttFlap.name, (target) => target.flap(target.faults.peek(FAULTS.mqttFlap)?.period ?? 1)],
  [FAULTS.tlsRotated.name, (target) => target.identity.rotate()],
  [
    FAULTS.tlsWrongCn.name,
    (target) => {
      const wanted = target.faults.peek(FAULTS.tlsWrongCn)?.commonName;
      target.identity.show({ commonName: wanted ?? `${target.machine.serial.slice(0, -1)}X` });
    },
  ],
  [FAULTS.tlsUnknownCa.name, (target) => target.identity.showStranger()],
  [
    FAULTS.tlsExpired.name,
    (target) =>
      target.identity.show({
        notBefore: new Date(Date.now() - 400 * DAY_MS),
        notAfter: new Date(Date.now() - 35 * DAY_MS),
      }),
  ],
  [FAULTS.ftp550NoCard.name, (target) => target.machine.showChange()],
  [
    FAULTS.powerCut.name,
    (target) => {
      const args = spent(target, FAULTS.powerCut);
      if (args !== null) target.cutPower(args.seconds);
    },
  ],
  [
    FAULTS.amsRunout.name,
    (target) => {
      const args = spent(target, FAULTS.amsRunout);
      const first = target.machine.ams.units[0]?.id ?? 0;
      if (args !== null) target.setSpool(args.unit ?? first, args.slot, null);
    },
  ],
  [FAULTS.amsDisconnect.name, (target) => target.machine.engine.onAmsLost()],
  [
    FAULTS.hmsRaise.name,
    (target) => {
      const key = spent(target, FAULTS.hmsRaise)?.key.replaceAll('_', '');
      if (key === undefined) return;
      target.machine.raiseHms({
        attr: Number.parseInt(key.slice(0, 8), 16),
        code: Number.parseInt(key.slice(8), 16),
      });
    },
  ],
  [
    FAULTS.hmsClear.name,
    (target) => {
      spent(target, FAULTS.hmsClear);
      target.machine.hms = [];
    },
  ],
  [
    FAULTS.jobExternalJob.name,
    (target) => {
      const args = spent(target, FAULTS.jobExternalJob);
      if (args !== null) target.startExternalJob(args.name ?? 'screen_job', args.seconds ?? 600);
    },
  ],
  [
    FAULTS.jobCancelOnScreen.name,
    (target) => {
      if (!target.machine.engine.busy) return;
      const now = target.faults.take(FAULTS.jobCancelOnScreen, (args) => args.layer === undefined);
      if (now !== null) target.machine.engine.stop();
    },
  ],
]);

/** Lets a fault that was just added act, where it acts at once. */
export function actAtOnce(name: string, target: FaultTarget): void {
  EFFECTS.get(name)?.(target);
  target.machine.engine.reconsider();
  target.machine.showChange();
}

/** A momentary fault is over once it has acted, however often it was allowed to. */
function spent<Args>(target: FaultTarget, fault: Fault<Args>): Args | null {
  const [found] = target.faults.all(fault).slice(-1);
  if (found === undefined) return null;
  target.faults.remove(found.id);
  return found.args;
}
