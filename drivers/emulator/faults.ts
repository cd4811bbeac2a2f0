/** Every fault that can be injected: its name, its arguments, what it does. Where it acts asks `FaultSet`. */
import { z } from 'zod';

export class Fault<Args> {
  constructor(
    readonly name: string,
    readonly about: string,
    readonly schema: z.ZodType<Args>,
  ) {}
}

function fault<Shape extends z.ZodRawShape>(name: string, about: string, shape: Shape) {
  // `times` belongs to every fault: how often it acts before it is spent, unlimited when absent.
  return new Fault(name, about, z.strictObject({ ...shape, times: z.int().min(1).optional() }));
}

const seconds = z.number().min(0);
const bytes = z.int().min(0);
/** print_error as a number, or in the forms `0300_400C` and `0300400C`. */
const errorCode = z.union([
  z.int().min(0).max(0xffff_ffff),
  z
    .string()
    .regex(/^[0-9A-Fa-f]{4}_?[0-9A-Fa-f]{4}$/)
    .transform((code) => Number.parseInt(code.replace('_', ''), 16)),
]);
const layer = z.int().min(0);
/** Acts only on this command, such as `project_file`; on every command when absent. */
const command = z.string().optional();

export const FAULTS = {
  netRefuse: fault('net.refuse', 'resets every new connection, or the next `times` ones', {}),
  netDrop: fault('net.drop', 'cuts all sockets now', {}),
  netDropAfterStart: fault(
    'net.dropAfterStart',
    'cuts MQTT right after a project_file was taken, before its ack',
    {},
  ),
  netIpChange: fault('net.ipChange', 'moves the printer to another loopback address', {
    host: z.string().regex(/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/),
  }),
  mqttRefuseAuth: fault('mqtt.refuseAuth', 'answers CONNACK 5 to right credentials', {}),
  mqttRotateCode: fault('mqtt.rotateCode', 'changes the access code now; open sessions stay', {
    code: z.string().min(1).optional(),
  }),
  mqttDropAfter: fault('mqtt.dropAfter', 'cuts MQTT after n published messages', { n: z.int().min(1) }),
  mqttFlap: fault('mqtt.flap', 'cuts MQTT again and again, every so many virtual seconds', {
    period: seconds,
  }),
  mqttHalfOpen: fault('mqtt.halfOpen', 'commands get neither ack nor effect, reports flow', { command }),
  mqttSilent: fault('mqtt.silent', 'publishes nothing, the socket stays', {
    wakesOnStart: z.boolean().optional(),
  }),
  mqttNoAck: fault('mqtt.noAck', 'commands take effect but are not acknowledged', {
    command,
    puback: z.boolean().optional(),
  }),
  mqttAckWithoutResult: fault('mqtt.ackWithoutResult', 'acks carry neither result nor error', { command }),
  mqttAckOnly: fault('mqtt.ackOnly', 'commands are acknowledged as done and have no effect', { command }),
  mqttAckDelay: fault('mqtt.ackDelay', 'acks come so many virtual seconds late', { seconds, command }),
  mqttDupReports: fault('mqtt.dupReports', 'publishes every report twice', {}),
  mqttReorder: fault('mqtt.reorder', 'holds every second message back until after the next', {}),
  reportOmit: fault('report.omit', 'leaves keys out of reports', { keys: z.array(z.string()).min(1) }),
  reportBadTypes: fault('report.badTypes', 'sends numbers as text and text as numbers', {}),
  reportNonUtf8: fault('report.nonUtf8', 'puts bytes into subtask_name that are no UTF-8', {}),
  reportTruncated: fault('report.truncated', 'cuts the payload in half', {}),
  reportEmpty: fault('report.empty', 'publishes an empty payload', {}),
  reportTrailingNul: fault('report.trailingNul', 'ends the payload with NUL bytes', {}),
  reportStaleFinish: fault(
    'report.staleFinish',
    'reports FINISH and 100 % under whatever identity is shown, until a print runs',
    {},
  ),
  reportClockSkew: fault('report.clockSkew', "sets the printer's clock off", { seconds: z.number() }),
  reportSeqConstant: fault('report.seqConstant', 'sends one sequence_id for ever', {}),
  amsIdOnlyDelta: fault('ams.idOnlyDelta', 'reports trays by id only, content unchanged', {}),
  amsZeroBitsShutdown: fault(
    'ams.zeroBitsShutdown',
    'reports all-zero exist bits with the spools in place',
    {},
  ),
  amsHtState9: fault('ams.htState9', 'reports a loaded AMS HT tray with state 9 and no content', {}),
  amsDisconnect: fault('ams.disconnect', 'takes the AMS off the bus until faults are cleared', {}),
  amsRunout: fault('ams.runout', 'empties a slot; a print that uses it pauses', {
    unit: z.int().min(0).optional(),
    slot: z.int().min(0),
  }),
  jobNeverStart: fault('job.neverStart', 'accepts a start command and does nothing', {}),
  jobSlowStart: fault('job.slowStart', 'replaces the delay before PREPARE, in virtual seconds', { seconds }),
  jobFailPrepare: fault('job.failPrepare', 'fails while preparing', { code: errorCode }),
  jobFailAt: fault('job.failAt', 'fails when a layer begins', { layer, code: errorCode }),
  jobFinishAt: fault('job.finishAt', 'calls the print finished when a layer begins', { layer }),
  jobPauseAt: fault('job.pauseAt', 'pauses when a layer begins; a resume goes on', {
    layer,
    code: errorCode.optional(),
  }),
  jobCancelOnScreen: fault(
    'job.cancelOnScreen',
    'somebody cancels at the printer, now or when a layer begins',
    {
      layer: layer.optional(),
    },
  ),
  jobExternalJob: fault('job.externalJob', 'somebody starts a print at the printer', {
    name: z.string().min(1).optional(),
    seconds: seconds.optional(),
  }),
  errorGhost: fault('error.ghost', 'shows a print_error that means nothing', { code: errorCode }),
  hmsRaise: fault('hms.raise', 'adds an HMS message', {
    key: z.string().regex(/^[0-9A-Fa-f]{4}(_?[0-9A-Fa-f]{4}){3}$/),
  }),
  hmsClear: fault('hms.clear', 'removes every HMS message', {}),
  mqttFull: fault('mqtt.full', 'has no place for another client', {
    how: z.enum(['drop', 'refuse', 'hang', 'mute', 'evict']).optional(),
  }),
  devModeOff: fault('dev.modeOff', 'refuses control commands', {
    shape: z.enum(['verify-failed', 'bare', 'silent']).optional(),
  }),
  firmwareUpdate: fault('firmware.update', 'updates its firmware until faults are cleared', {}),
  ftpDropAt: fault('ftp.dropAt', 'cuts data and control channel after so many bytes of an upload', { bytes }),
  ftpStallAt: fault('ftp.stallAt', 'takes no more after so many bytes of an upload, and keeps it open', {
    bytes,
  }),
  ftpLate226: fault('ftp.late226', 'answers 226 so many virtual seconds after the data', { seconds }),
  ftpNo226: fault('ftp.no226', 'never answers after the data', {}),
  ftp426: fault('ftp.426', 'answers 426 after the data, the file complete or cut', {
    kind: z.enum(['complete', 'truncated']),
  }),
  ftpHalf226: fault('ftp.half226', 'answers 226 although it kept half of the file', {}),
  ftp550NoCard: fault('ftp.550NoCard', 'the card is out', {}),
  ftp552: fault('ftp.552', 'the card is full, at once or after so many bytes', {
    afterBytes: bytes.optional(),
  }),
  ftp553: fault('ftp.553', 'refuses to create files, or only to overwrite them', {
    onlyExisting: z.boolean().optional(),
  }),
  ftpSlow: fault('ftp.slow', 'takes so many real bytes per second', { bytesPerSecond: z.int().min(1) }),
  ftpBusyConn: fault('ftp.busyConn', 'answers 425 to every transfer', {}),
  ftpRequireReuse: fault('ftp.requireReuse', 'asks for TLS session reuse whatever the model', {}),
  ftpStallProtP: fault('ftp.stallProtP', 'an encrypted data channel never completes its handshake', {}),
  tlsWrongCn: fault('tls.wrongCn', 'shows a certificate of another serial', {
    commonName: z.string().optional(),
  }),
  tlsRotated: fault('tls.rotated', 'shows a new certificate of the same name', {}),
  tlsUnknownCa: fault('tls.unknownCa', 'shows a certificate of an unknown authority', {}),
  tlsExpired: fault('tls.expired', 'shows an expired certificate', {}),
  cameraLiveviewOff: fault(
    'camera.liveviewOff',
    'live view is switched off: reports say so, the video port closes',
    {},
  ),
  cameraSilent: fault('camera.silent', 'the camera takes viewers and sends no picture', {}),
  cameraGarbage: fault('camera.garbage', 'sends something that is no picture', {}),
  cameraCut: fault('camera.cut', 'ends the stream after the next picture', {}),
  powerCut: fault('power.cut', 'cuts the power, for so many virtual seconds or for good', {
    seconds: seconds.optional(),
  }),
  powerGhostPrint: fault('power.ghostPrint', 'prints a leftover file of the root after the next boot', {}),
} as const;

const BY_NAME = new Map<string, Fault<unknown>>(Object.values(FAULTS).map((f) => [f.name, f]));

export const FAULT_NAMES: readonly string[] = [...BY_NAME.keys()];

interface ActiveFault {
  readonly id: number;
  readonly name: string;
  readonly args: Record<string, unknown>;
  left: number;
}

/** The faults of one printer that are in force. */
export class FaultSet {
  #active: ActiveFault[] = [];
  #nextId = 1;

  /** @throws Error when the name is unknown or the arguments do not fit. */
  add(name: string, args: Record<string, unknown>): void {
    const known = BY_NAME.get(name);
    if (known === undefined) {
      throw new Error(`no fault ${JSON.stringify(name)}; known are ${FAULT_NAMES.join(', ')}`);
    }
    const parsed = known.schema.safeParse(args);
    if (!parsed.success) {
      throw new Error(`fault ${name} (${known.about}): ${z.prettifyError(parsed.error)}`);
    }
    const left = typeof args.times === 'number' ? args.times : Number.POSITIVE_INFINITY;
    this.#active.push({ id: this.#nextId++, name, args, left });
  }

  clear(): void {
    this.#active = [];
  }

  /** The first fault of this kind in force, without spending it. */
  peek<Args>(fault: Fault<Args>, fits: (args: Args) => boolean = () => true): Args | null {
    return this.#find(fault, fits)?.args ?? null;
  }

  /** The first fault of this kind in force; acting once is booked. */
  take<Args>(fault: Fault<Args>, fits: (args: Args) => boolean = () => true): Args | null {
    const found = this.#find(fault, fits);
    if (found === null) return null;
    found.active.left--;
    if (found.active.left <= 0) this.#active = this.#active.filter((a) => a !== found.active);
    return found.args;
  }

  has(fault: Fault<unknown>): boolean {
    return this.#active.some((a) => a.name === fault.name);
  }

  /** Every fault of this kind in force, with an id that tells them apart. */
  all<Args>(fault: Fault<Args>): { id: number; args: Args }[] {
    return this.#active
      .filter((a) => a.name === fault.name)
      .map((a) => ({ id: a.id, args: fault.schema.parse(a.args) }));
  }

  /** Books one act of the fault with this id. */
  spend(id: number): void {
    const active = this.#active.find((a) => a.id === id);
    if (active === undefined) return;
    active.left--;
    if (active.left <= 0) this.#active = this.#active.filter((a) => a !== active);
  }

  /** What it waited for has come. */
  end(fault: Fault<unknown>): void {
    this.#active = this.#active.filter((a) => a.name !== fault.name);
  }

  remove(id: number): void {
    this.#active = this.#active.filter((a) => a.id !== id);
  }

  #find<Args>(fault: Fault<Args>, fits: (args: Args) => boolean): { active: ActiveFault; args: Args } | null {
    for (const active of this.#active) {
      if (active.name !== fault.name) continue;
      const args = fault.schema.parse(active.args);
      if (fits(args)) return { active, args };
    }
    return null;
  }
}
