import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Emulator } from '../../drivers/emulator/index.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { DaemonControl } from './daemon-control.js';
import { Draw } from './draw.js';
import { drawAssignments, enterLibrary, type Library } from './library.js';
import { anything, NO_ANSWER, type Person } from './person.js';
import { type PlannedPart, planFarm } from './plan.js';
import { Referee } from './referee.js';
import { registerPrinter } from './registration.js';
import { REPORT_MS, SPEED } from './scale.js';
import { takeSnapshot } from './snapshot.js';
import { Truth } from './truth.js';
import type { Machine, UploadedPart, World } from './world.js';

const entity = z.object({ id: z.string() });
const uploads = z.object({ signedUrls: z.array(z.object({ path: z.string(), uploadUrl: z.string() })) });

export interface FarmSize {
  readonly seed: number;
  readonly printers: number;
  readonly jobs: number;
}

/** A farm that outlives its daemons: emulated printers, a data folder, and the parts it prints. */
export class SimulatedFarm {
  private constructor(
    readonly folder: string,
    readonly dataDir: string,
    readonly world: World,
  ) {}

  /** Registers every printer and uploads every part with a daemon that nothing happens to yet. */
  static async make({ seed, printers, jobs }: FarmSize): Promise<SimulatedFarm> {
    const folder = await mkdtemp(join(tmpdir(), `printfarmd-simulation-${seed}-`));
    const dataDir = join(folder, 'data');
    const plan = planFarm(seed, printers);
    const emulator = new Emulator({
      printers: plan.printers.map(({ model }, at) => ({ model, host: address(at), mqttPort: 0, ftpPort: 0 })),
      seed,
      speed: SPEED,
      reportIntervalMs: REPORT_MS,
    });
    await emulator.start();
    const emulatorCa = join(folder, 'ca.pem');
    await writeFile(emulatorCa, emulator.caPem);
    const { storeId, apiKey } = await initialise(dataDir);
    await createTlsMaterial(dataDir, machineNames(), new Date());
    const daemon = new DaemonControl({ folder, dataDir, emulatorCa, apiKey, storeId });
    const truth = new Truth(emulator.log);
    try {
      await daemon.boot(null);
      const { person } = daemon;
      if (!person) throw new Error('the daemon did not start');
      const machines = await Promise.all(
        emulator.printers.map((printer, at) => register(person, printer, plan.printers[at]?.code ?? '')),
      );
      const parts: UploadedPart[] = [];
      const library = await enterLibrary(person);
      for (const part of plan.parts) parts.push({ ...part, id: await upload(person, part, seed, library) });
      const world: World = {
        emulator,
        machines,
        strangers: [],
        parts,
        library,
        daemon,
        truth,
        referee: new Referee(truth, library),
        jobsLeft: jobs,
        injected: new Map(),
        view: takeSnapshot(dataDir, true),
      };
      return new SimulatedFarm(folder, dataDir, world);
    } catch (error) {
      await daemon.stop();
      await emulator.stop();
      throw error;
    }
  }

  /** `keep` leaves the folder, with the daemon's log, for whoever wants to know. */
  async stop(keep: boolean): Promise<void> {
    const { daemon, emulator, truth } = this.world;
    await daemon.stop();
    truth.stop();
    await emulator.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Ports are ephemeral, so that farms of other processes do not matter. */
function address(at: number): string {
  return `127.${40 + (process.pid % 60)}.${Math.floor(at / 250)}.${1 + (at % 250)}`;
}

async function must<T>(person: Person, schema: z.ZodType<T>, path: string, body: unknown): Promise<T> {
  const answer = await person.ask(schema, 'POST', path, body);
  if (answer === null || answer === NO_ANSWER) throw new Error(`${path} was not answered`);
  return answer;
}

/** On a busy computer a printer may not answer in time; nobody would give up after one attempt. */
const REGISTER_ATTEMPTS = 5;

async function register(person: Person, printer: Machine['printer'], code: string): Promise<Machine> {
  for (let attempt = 1; attempt <= REGISTER_ATTEMPTS; attempt++) {
    const machine = await registerPrinter(person, { printer, code });
    if (machine) return machine;
  }
  throw new Error(`${printer.serial} could not be registered`);
}

async function upload(person: Person, part: PlannedPart, seed: number, library: Library): Promise<string> {
  const filenames = [`${part.name.replaceAll(' ', '_')}.gcode.3mf`];
  const { signedUrls } = await must(person, uploads, '/v1/storage/signed-upload-urls', { filenames });
  const [target] = signedUrls;
  if (!target) throw new Error('no upload address was answered');
  const sent = await fetch(target.uploadUrl, { method: 'PUT', body: new Uint8Array(await part.file()) });
  if (!sent.ok) throw new Error(`the upload was answered with ${sent.status}`);
  const draw = new Draw(seed, `materials of ${part.name}`);
  const assignedMaterials = draw.chance(25) ? drawAssignments(draw, library, part.types) : {};
  const body = {
    name: part.name,
    type: 'gcode3mf',
    description: '',
    fileUris: [target.path],
    assignedMaterials,
  };
  const made = await must(person, entity, '/v1/parts', body);
  await person.ask(anything, 'GET', `/v1/parts/${made.id}`);
  return made.id;
}
