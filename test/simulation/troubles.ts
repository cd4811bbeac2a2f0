import type { Draw } from './draw.js';
import { FOREIGN } from './truth.js';

/** A fault as chance may inject it. */
export interface Trouble {
  readonly name: string;
  readonly weight: number;
  args(draw: Draw): Record<string, unknown>;
}

/** Seconds that every printer begins within, so that "never began" stays provable. */
const LONGEST_START_S = 200;

const times = (draw: Draw) => ({ times: draw.whole(1, 3) });
const perhapsTimes = (draw: Draw) => (draw.chance(60) ? times(draw) : {});
const layer = (draw: Draw) => draw.whole(1, 30);
const seconds = (low: number, high: number) => (draw: Draw) => draw.whole(low, high);
const code = (draw: Draw) => draw.one(['0300_8009', '0300_4006', '0C00_8001', '0300_400B']);
const command = (draw: Draw) =>
  draw.chance(50) ? { command: draw.one(['project_file', 'stop', 'pushall']) } : {};

function trouble(name: string, weight: number, args: Trouble['args'] = perhapsTimes): Trouble {
  return { name, weight, args };
}

/** Every fault of the emulator, with arguments that leave the printer able to recover. */
export const TROUBLES: readonly Trouble[] = [
  trouble('net.refuse', 2),
  trouble('net.drop', 6, () => ({})),
  trouble('net.dropAfterStart', 6, times),
  trouble('net.ipChange', 2, (draw) => ({
    host: `127.${draw.whole(120, 199)}.${draw.whole(0, 255)}.${draw.whole(1, 254)}`,
  })),
  trouble('mqtt.refuseAuth', 1, times),
  trouble('mqtt.rotateCode', 2, (draw) => ({ code: String(draw.whole(10_000_000, 99_999_999)) })),
  trouble('mqtt.dropAfter', 3, (draw) => ({ n: draw.whole(1, 30), ...times(draw) })),
  trouble('mqtt.flap', 2, (draw) => ({ period: draw.whole(40, 300), ...times(draw) })),
  trouble('mqtt.halfOpen', 3, (draw) => ({ ...command(draw), ...perhapsTimes(draw) })),
  trouble('mqtt.silent', 3, (draw) => (draw.chance(50) ? { wakesOnStart: true } : {})),
  trouble('mqtt.noAck', 4, (draw) => ({
    ...command(draw),
    ...(draw.chance(40) ? { puback: false } : {}),
    ...perhapsTimes(draw),
  })),
  trouble('mqtt.ackWithoutResult', 2, (draw) => ({ ...command(draw), ...perhapsTimes(draw) })),
  trouble('mqtt.ackDelay', 2, (draw) => ({ seconds: draw.whole(1, 120), ...perhapsTimes(draw) })),
  trouble('mqtt.ackOnly', 2, (draw) => ({ ...command(draw), ...times(draw) })),
  trouble('mqtt.full', 2, (draw) => ({
    how: draw.one(['drop', 'refuse', 'hang', 'mute', 'evict']),
    ...times(draw),
  })),
  trouble('mqtt.dupReports', 2, () => ({})),
  trouble('mqtt.reorder', 2, () => ({})),
  trouble('report.omit', 2, (draw) => ({
    keys: draw.some(
      ['gcode_state', 'subtask_id', 'task_id', 'subtask_name', 'gcode_file', 'ams', 'print_error'],
      3,
    ),
  })),
  trouble('report.badTypes', 2),
  trouble('report.nonUtf8', 1),
  trouble('report.truncated', 2),
  trouble('report.empty', 1),
  trouble('report.trailingNul', 1),
  trouble('report.staleFinish', 2, () => ({})),
  trouble('report.clockSkew', 1, (draw) => ({ seconds: draw.whole(-90_000, 90_000) })),
  trouble('report.seqConstant', 1, () => ({})),
  trouble('ams.idOnlyDelta', 1, () => ({})),
  trouble('ams.zeroBitsShutdown', 1, () => ({})),
  trouble('ams.htState9', 1, () => ({})),
  trouble('ams.disconnect', 2, () => ({})),
  trouble('ams.runout', 2, (draw) => ({ slot: draw.whole(0, 3) })),
  trouble('job.neverStart', 5, times),
  trouble('job.slowStart', 4, (draw) => ({ seconds: seconds(20, LONGEST_START_S)(draw), ...times(draw) })),
  trouble('job.failPrepare', 3, (draw) => ({ code: code(draw), ...times(draw) })),
  trouble('job.failAt', 4, (draw) => ({ layer: layer(draw), code: code(draw), ...times(draw) })),
  trouble('job.finishAt', 2, (draw) => ({ layer: layer(draw), ...times(draw) })),
  trouble('job.pauseAt', 3, (draw) => ({
    layer: layer(draw),
    ...(draw.chance(50) ? { code: '0300_8001' } : {}),
    ...times(draw),
  })),
  trouble('job.cancelOnScreen', 3, (draw) => ({
    ...(draw.chance(50) ? { layer: layer(draw) } : {}),
    times: 1,
  })),
  trouble('job.externalJob', 3, (draw) => ({
    name: `${FOREIGN}${draw.whole(1, 1_000_000)}`,
    seconds: draw.whole(60, 400),
  })),
  trouble('error.ghost', 2, (draw) => ({
    code: draw.one(['0500_4004', '0300_8001', '0300_400C', '0500_4003']),
  })),
  trouble('hms.raise', 1, () => ({ key: '0300_0100_0001_0001' })),
  trouble('hms.clear', 1, () => ({})),
  trouble('dev.modeOff', 3, (draw) => ({
    ...(draw.chance(60) ? { shape: draw.one(['verify-failed', 'bare', 'silent']) } : {}),
    ...perhapsTimes(draw),
  })),
  trouble('firmware.update', 1, () => ({})),
  trouble('ftp.dropAt', 4, (draw) => ({ bytes: draw.whole(0, 6_000), ...perhapsTimes(draw) })),
  trouble('ftp.late226', 2, (draw) => ({ seconds: draw.whole(10, 250), ...times(draw) })),
  trouble('ftp.no226', 2, times),
  trouble('ftp.426', 3, (draw) => ({ kind: draw.one(['complete', 'truncated']), ...perhapsTimes(draw) })),
  trouble('ftp.half226', 3, times),
  trouble('ftp.stallAt', 2, (draw) => ({ bytes: draw.whole(0, 6_000), ...times(draw) })),
  trouble('ftp.550NoCard', 2),
  trouble('ftp.552', 2, (draw) => ({
    ...(draw.chance(50) ? { afterBytes: draw.whole(0, 4_000) } : {}),
    ...perhapsTimes(draw),
  })),
  trouble('ftp.553', 2, (draw) => ({
    ...(draw.chance(30) ? { onlyExisting: true } : {}),
    ...perhapsTimes(draw),
  })),
  trouble('ftp.slow', 3, (draw) => ({ bytesPerSecond: draw.whole(2_000, 40_000), ...times(draw) })),
  trouble('ftp.busyConn', 2, times),
  trouble('ftp.requireReuse', 1, () => ({})),
  trouble('ftp.stallProtP', 2, times),
  trouble('camera.liveviewOff', 1, () => ({})),
  trouble('camera.silent', 1, () => ({})),
  trouble('camera.garbage', 1, () => ({})),
  trouble('camera.cut', 1, () => ({})),
  trouble('tls.wrongCn', 1, () => ({})),
  trouble('tls.rotated', 2, () => ({})),
  trouble('tls.unknownCa', 1, () => ({})),
  trouble('tls.expired', 1, () => ({})),
  trouble('power.cut', 5, (draw) => (draw.chance(70) ? { seconds: draw.whole(1, 400) } : {})),
  trouble('power.ghostPrint', 3, times),
];
