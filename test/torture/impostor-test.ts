import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import {
  createEmulatorCa,
  type EmulatorCa,
  type Leaf,
  LeafIssuer,
} from '../../drivers/emulator/certificates.js';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { notification } from '../../drivers/emulator/ssdp.js';
import { CrashFloor, until } from './crash-floor.js';
import { Dice } from './dice.js';
import { type Impostor, impostorAt } from './impostor.js';
import { eachAtOnce, type TortureTest, type Verdict } from './trial.js';

const MODELS = ['X1C', 'P1S', 'A1', 'A1M', 'P2S', 'H2D', 'H2S'];
const MOMENTS = [
  'before the first connection',
  'after a reconnect',
  'after a restart of the daemon',
] as const;
const SPOOFED = 3_000;
/** As many as the daemon keeps of printers that it only heard of. */
const HEARD_AT_MOST = 2_000;
const WAIT_MS = 20_000;

const live = z.object({
  connection: z.object({ status: z.string(), message: z.string().nullable() }),
  notices: z.array(z.object({ code: z.string(), message: z.string() })),
});

interface Scene {
  readonly trust: 'ca' | 'tofu';
  readonly moment: (typeof MOMENTS)[number];
  /** What the impostor shows: the printer's name by an authority of his own, or a real certificate of another. */
  readonly shows: 'forged name' | 'another printer';
}

/**
 * No. 12: at the address of a printer, under its serial, stands somebody with another certificate, while the network is
 * full of false announcements, some of which lead to him at a second address.
 */
export const impostors: TortureTest = {
  number: 12,
  name: 'impostor printer and a storm of announcements',
  async run({ seeds, atOnce, tell }): Promise<Verdict> {
    const ca = await createEmulatorCa();
    const forger = await createEmulatorCa();
    const failures: string[] = [];
    const counts = { met: 0, decoyMet: 0, most: 0 };
    const scenes = new Set<string>();
    let runs = 0;
    await eachAtOnce(seeds, atOnce, async (seed) => {
      const dice = new Dice(seed, 'impostor');
      const scene = sceneOf(dice);
      const models = [dice.pick(MODELS), 'X1C'];
      const what = `${models[0]}, ${scene.trust}, ${scene.moment}, ${scene.shows}`;
      const net = `127.67.${seed % 250}`;
      const discoveryPort = await freeUdpPort();
      const hosts = [`${net}.1`, `${net}.2`];
      const sessionTiming = { refusedRetryMs: 300 };
      const floor = await CrashFloor.open(models, hosts, seed, {
        ...{ ca, sessionTiming, discoveryPort },
        adopt: false,
      });
      try {
        const leaf = await leafOf(scene, floor, ca, forger);
        const seen = await played(floor, scene, leaf, `${net}.9`, discoveryPort);
        counts.met += seen.met;
        counts.decoyMet += seen.decoyMet;
        counts.most = Math.max(counts.most, seen.listed);
        for (const broken of seen.broken) failures.push(`seed ${seed}: ${what}: ${broken}`);
        tell(`seed ${seed}: ${what}: met ${seen.met} + ${seen.decoyMet} times, ${seen.listed} listed`);
      } catch (error) {
        failures.push(`seed ${seed}: ${what}: ${String(error)}`);
      } finally {
        await floor.close();
      }
      scenes.add(what);
      runs += 1;
    });
    const figures =
      `${scenes.size} scenes; came to him ${counts.met} times at the printer's address and ${counts.decoyMet} times at ` +
      `the announced one; ${SPOOFED} false announcements each, at most ${counts.most} printers listed`;
    return { runs, figures, failures };
  },
};

/**
 * Under `tofu` whoever is met first is believed, if he bears the name: that is what it means. Before the first
 * connection only a wrong name can be told there.
 */
function sceneOf(dice: Dice): Scene {
  const trust = dice.pick(['ca', 'tofu'] as const);
  const moment = dice.pick(MOMENTS);
  const shows = dice.pick(['forged name', 'another printer'] as const);
  return trust === 'tofu' && moment === MOMENTS[0]
    ? { trust, moment, shows: 'another printer' }
    : { trust, moment, shows };
}

function leafOf({ shows }: Scene, floor: CrashFloor, ca: EmulatorCa, forger: EmulatorCa): Promise<Leaf> {
  const [victim, other] = both(floor);
  return shows === 'forged name'
    ? new LeafIssuer(forger).issue({ commonName: victim.serial })
    : new LeafIssuer(ca).issue({ commonName: other.serial });
}

async function played(floor: CrashFloor, scene: Scene, leaf: Leaf, decoyHost: string, discoveryPort: number) {
  const [victim, other] = both(floor);
  const { host, mqttPort, ftpPort, cameraPort } = victim;
  const broken: string[] = [];
  await floor.adopt(other);
  await online(floor, other);
  const known = scene.moment !== MOMENTS[0];
  if (known) {
    await floor.adopt(victim, scene.trust);
    await online(floor, victim);
  }
  // In order, so that the fingerprint is kept.
  if (scene.moment === MOMENTS[2]) await floor.life.kill('SIGTERM');
  await victim.power(false);
  const impostor = await impostorAt(host, [mqttPort, ftpPort, cameraPort], leaf);
  const decoy = await impostorAt(decoyHost, [mqttPort, ftpPort, cameraPort], leaf);
  let listed = 0;
  try {
    if (scene.moment === MOMENTS[2]) await floor.boot();
    await online(floor, other);
    await floor.confirm(other);
    const { log } = floor.emulator;
    const from = log.entries.length;
    await floor.queue(other);
    const storming = storm(victim, other, decoyHost, discoveryPort);
    if (known) await until(() => refusal(floor, victim, impostor), WAIT_MS, 'the impostor to be refused');
    else if (!(await refusedAtTheDoor(floor, victim, scene))) broken.push('the impostor was registered');
    // A picture is asked for with the access code, too.
    if (known && (await gavePicture(floor, victim))) broken.push('the impostor gave a picture');
    await storming;
    const met = impostor.met();
    // He is tried again, and refused again.
    if (known)
      await until(
        () => Promise.resolve(impostor.met() > met ? null : `${met} and ${decoy.met()} times before`),
        WAIT_MS,
        'the impostor to be met again',
      );
    listed = (await floor.call(z.array(z.unknown()), 'GET', '/v1/printers/discovered')).length;
    if (listed > HEARD_AT_MOST) broken.push(`${listed} printers are listed`);
    await until(
      async () => {
        const [job] = await floor.newest(1);
        return job?.status === 'completed' ? null : JSON.stringify(job);
      },
      60_000,
      'the print of the other printer',
    );
    const begun = floor.truth(other, from, 'print', 'begun').length;
    if (begun !== 1) broken.push(`the other printer began ${begun} prints`);
    const anew = floor.truth(other, from, 'mqtt', 'connect').length;
    if (anew > 0) broken.push(`the other printer was connected to ${anew} times more`);
    if (known && (await floor.row(victim)).isOnline) broken.push('the impostor is shown as online');
  } finally {
    await Promise.all([impostor.close(), decoy.close()]);
  }
  for (const { heard } of [impostor, decoy]) {
    const bytes = heard().length;
    if (bytes > 0) broken.push(`${bytes} bytes were said to an impostor`);
    if (heard().includes(victim.accessCode)) broken.push('the access code was among them');
  }
  await victim.power(true);
  if (!known) await floor.adopt(victim, scene.trust);
  await online(floor, victim);
  return { broken, met: impostor.met(), decoyMet: decoy.met(), listed };
}

function both(floor: CrashFloor): readonly [EmulatedPrinter, EmulatedPrinter] {
  const [victim, other] = floor.emulator.printers;
  if (!victim || !other) throw new Error('There are no two printers');
  return [victim, other];
}

function online(floor: CrashFloor, printer: EmulatedPrinter): Promise<void> {
  return until(
    async () => {
      const row = await floor.row(printer);
      return row.isOnline ? null : JSON.stringify(row);
    },
    WAIT_MS,
    `${printer.serial} to be online`,
  );
}

/** The person is told what is wrong, now and in the notices. @returns what is missing */
async function refusal(
  floor: CrashFloor,
  printer: EmulatedPrinter,
  impostor: Impostor,
): Promise<string | null> {
  if (impostor.met() === 0) return 'nobody came';
  const { connection, notices } = await floor.call(live, 'GET', `/local/printers/${floor.id(printer)}`);
  const told = notices.some(({ code, message }) => code === 'refused' && message.includes('certificate'));
  return told ? null : JSON.stringify({ connection, notices });
}

/** Who tries to register him is told why not. */
async function refusedAtTheDoor(
  floor: CrashFloor,
  printer: EmulatedPrinter,
  { trust }: Scene,
): Promise<boolean> {
  const answer = await floor.adopt(printer, trust).catch((error: unknown) => error);
  return answer instanceof Error && answer.message.includes('printer_certificate');
}

async function gavePicture(floor: CrashFloor, printer: EmulatedPrinter): Promise<boolean> {
  const path = `/v1/printers/${floor.id(printer)}/camera`;
  const answer = await floor.call(z.unknown(), 'GET', path).catch((error: unknown) => error);
  return !(answer instanceof Error);
}

/** A third each: the lost printer is elsewhere, the other one is elsewhere, printers that nobody has. */
async function storm(
  victim: EmulatedPrinter,
  other: EmulatedPrinter,
  decoyHost: string,
  discoveryPort: number,
): Promise<void> {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const said = { name: 'x', firmware: '', wifiDbm: -40, powered: true };
  for (let sent = 0; sent < SPOOFED; sent++) {
    const elsewhere = `127.68.${sent % 250}.${1 + (sent % 200)}`;
    const stranger = { serial: `00M00A${String(sent).padStart(9, '0')}`, host: elsewhere };
    const told = [
      { serial: victim.serial, host: decoyHost },
      { serial: other.serial, host: elsewhere },
      stranger,
    ][sent % 3];
    const { modelCode, mqttPort } = victim;
    udp.send(
      notification({ ...said, ...stranger, ...told, modelCode, mqttPort }),
      discoveryPort,
      '127.0.0.1',
    );
    // The kernel holds only so many for a process that is busy.
    if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  udp.close();
  await once(udp, 'close');
}

async function freeUdpPort(): Promise<number> {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
