/**
 * `start`: how long after its start the daemon is ready.
 *
 * From starting the process to the first 200 of `/readyz` (database open, HTTP and broker listening, open dispatches
 * taken up), with 200 printers, none of which can be reached, and 100,000 finished jobs. In turn, a script imports
 * the packages that the daemon imports and nothing else. To be measured again whenever routes are added.
 *
 * What limits it: loading the packages, and our own modules, which are bundled; then SQLite's check of the file, which
 * reads all of it, the configuration, and the declarations of the routes.
 */
import { get } from 'node:http';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Metafile } from 'esbuild';
import { bundle, PROGRAM } from '../bundle.js';
import { loopbackAddresses } from '../src/cli/loopback-addresses.js';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { EmulatedFarm } from './emulated.js';
import { configure, Daemon, type FarmPrinter, type Installation, inFolder, install } from './farm.js';
import { fillHistory } from './history.js';
import { freeAddress } from './places.js';
import { slicedFile } from './sliced-file.js';

const PRINTERS = 200;
const JOBS = 100_000;
const PER_ROUND = 3;
const LOOK_MS = 4;
const READY_MS = 120_000;
const SPEED = 600;
const PRINT_S = 600;

export const start: Benchmark = {
  name: 'start',
  about: 'from starting the process to /readyz, against importing the same packages',
  run: (options) => inFolder('start', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const count = options.printers ?? PRINTERS;
  options.tell(`making a farm with ${count} printers and ${JOBS} finished jobs`);
  const farm = await farmWithHistory(folder, count);
  // As `npm run build` makes it: with nothing beside it.
  const program = join(folder, 'program');
  const packages = packagesOf(await bundle([PROGRAM], program));
  const cli = join(program, PROGRAM.replace(/ts$/, 'js'));
  const imports = `${packages.map((name) => `import '${name}';`).join('')}console.log('imported');`;
  const subject: number[] = [];
  const baseline: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    options.tell(`round ${round} of ${options.rounds}: ${PER_ROUND} starts`);
    for (let turn = 0; turn < PER_ROUND; turn++) {
      subject.push(await timeToReady(cli, farm, folder));
      baseline.push(await timeToImport(imports, folder));
    }
  }
  return [
    {
      name: 'start',
      goal: { op: '<=', value: 3 },
      subject: median(subject),
      baseline: median(baseline),
      unit: 'ms',
      detail: { printers: count, jobs: JOBS, packages: packages.length, starts: subject.length },
    },
  ];
}

/** One job is really printed; the others are copies of its rows. */
async function farmWithHistory(folder: string, count: number): Promise<Installation> {
  const emulated = await EmulatedFarm.start({ folder, count: 1, model: 'X1C', speed: SPEED });
  const printers = [...emulated.printers, ...absentPrinters(count - 1)];
  const settings = { printers, caFiles: [emulated.caFile] };
  try {
    const farm = await install(join(folder, 'farm'), { ...settings, printers: emulated.printers });
    const daemon = await Daemon.start(farm);
    try {
      await daemon.allOnline(1);
      await daemon.confirmBeds();
      const part = await daemon.api.addPart('small', 'small.gcode.3mf', await slicedFile(PRINT_S));
      await daemon.build(part, 1);
      await daemon.jobsIn(['completed'], 1, 60_000);
      // The file is deleted from the printer after the print.
      await delay(2_000);
    } finally {
      await daemon.stop();
    }
    fillHistory(join(farm.dataDir, 'printfarmd.db'), JOBS);
    await configure(farm, settings);
    return farm;
  } finally {
    await emulated.stop();
  }
}

function absentPrinters(count: number): FarmPrinter[] {
  return loopbackAddresses(freeAddress(), count).map((host, index) => ({
    serial: `00M00C${String(index).padStart(9, '0')}`,
    host,
    mqttPort: 8883,
    ftpPort: 990,
    accessCode: '12345678',
    model: 'X1C',
  }));
}

async function timeToReady(cli: string, farm: Installation, folder: string): Promise<number> {
  const beganAt = performance.now();
  const child = new Child({
    name: 'the daemon',
    args: [cli, 'run', '--config', farm.configFile],
    logFile: join(folder, 'daemon.log'),
  });
  const url = new URL('/readyz', farm.url);
  const ready = async (): Promise<void> => {
    while (!(await answers(url))) await delay(LOOK_MS);
  };
  try {
    await child.within(ready(), READY_MS, 'ready');
    return performance.now() - beganAt;
  } finally {
    await child.stop();
  }
}

function answers(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    // Nobody listens yet.
    request.on('error', () => resolve(false));
  });
}

async function timeToImport(script: string, folder: string): Promise<number> {
  const beganAt = performance.now();
  let imported: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    imported = resolve;
  });
  const child = new Child({
    name: 'the importing script',
    args: ['--input-type=module', '--eval', `${script}setInterval(() => {}, 1000);`],
    logFile: join(folder, 'imports.log'),
    onLine: () => imported(),
  });
  try {
    await child.within(done, READY_MS, 'imported');
    return performance.now() - beganAt;
  } finally {
    await child.stop();
  }
}

/** What is loaded for `run`: more files of ours than these wait until they are needed. */
const LOADED = [PROGRAM, 'src/cli/run.ts', 'src/installation.ts', 'src/daemon.ts'];

/** Packages that these files of ours import when they are loaded, directly or through others. */
function packagesOf({ outputs }: Metafile): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      if (kind !== 'import-statement') continue;
      if (!external) visit(path);
      else if (!isBuiltin(path)) packages.add(path);
    }
  };
  for (const [file, { entryPoint }] of Object.entries(outputs))
    if (entryPoint !== undefined && LOADED.includes(entryPoint)) visit(file);
  return [...packages].sort();
}
