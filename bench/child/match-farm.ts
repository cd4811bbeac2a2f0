/** A large farm and its queue as plain objects, the same with every call. */
import type { MatchChannel, MatchJob, MatchPrinter, MatchSlot } from '../../src/matching/input.js';

const MODELS = [
  ['C12', 'Bambu Lab P1S'],
  ['N1', 'Bambu Lab A1 mini'],
  ['N2S', 'Bambu Lab A1'],
  ['O1S', 'Bambu Lab H2S'],
] as const;
const TYPES = ['PLA', 'PETG', 'ABS', 'ASA', 'TPU', 'PA-CF'] as const;
const COLOURS = ['FFFFFFFF', '000000FF', 'FF0000FF', '00AE42FF', '0A2989FF', 'FF6A13FF'] as const;
const TAGS = ['big', 'fast', 'food', 'clean'] as const;
const UNITS = 4;
const JOBS_PER_PART = 20;

/** Free printers with four AMS units each; a third of the slots hold a material of the farm's own. */
export function madePrinters(count: number): readonly MatchPrinter[] {
  const random = numbers(1);
  return Array.from({ length: count }, (_, at): MatchPrinter => {
    const [modelCode, modelName] = MODELS[at % MODELS.length] ?? MODELS[0];
    return {
      id: `printer-${at}`,
      name: `Printer ${at}`,
      provider: 'Bambu',
      enabled: true,
      isInMaintenance: false,
      inMaintenanceSince: null,
      online: true,
      lastSeenAt: 0,
      awayBecause: null,
      available: true,
      doing: '',
      ready: true,
      developerMode: 'on',
      setAside: null,
      modelCode,
      modelName,
      modelAliases: [],
      runsFilesFor: [modelCode],
      nozzles: [{ index: 0, diameter: random(10) === 0 ? '0.6' : '0.4' }],
      bedSize: [256, 256, 256],
      profiles: { machine: false, process: false },
      tags: TAGS.filter(() => random(3) === 0),
      useAms: true,
      slots: Array.from({ length: UNITS * 4 }, (__, tray) => slot(tray, random)),
      lastPrintedAt: random(1_000_000),
      lifetimePrintHours: random(5_000),
    };
  });
}

function slot(tray: number, random: (below: number) => number): MatchSlot {
  const type = pick(TYPES, random(3) === 0 ? 0 : random(3));
  const material = random(8);
  return {
    amsIndex: tray >> 2,
    slotIndex: tray & 3,
    tray,
    unitId: tray >> 2,
    extruder: null,
    external: false,
    loaded: random(10) > 0,
    type,
    color: pick(COLOURS, random(COLOURS.length)),
    infoIdx: '',
    remainingGrams: random(2) === 0 ? random(1_000) : null,
    assigned:
      random(3) > 0
        ? null
        : {
            type,
            materialId: `material-${material}`,
            variantId: `variant-${material}-${random(4)}`,
            name: `Material ${material}`,
            color: null,
            infoIdx: null,
          },
    profile: null,
  };
}

/** Jobs of many parts, 20 of each: the first few hundred could print, most of the others ask for what is not there. */
export function madeJobs(count: number): readonly MatchJob[] {
  const parts = Array.from({ length: Math.ceil(count / JOBS_PER_PART) }, (_, at) => part(at));
  return Array.from({ length: count }, (_, at): MatchJob => {
    const one = parts[at % parts.length] ?? part(0);
    return { ...one, id: `job-${at}`, queueOrder: at * 1024, createdAt: at };
  });
}

function part(number: number): MatchJob {
  const random = numbers(number + 1_000);
  const [modelCode, modelName] = pick(MODELS, random(MODELS.length));
  const waits = random(4) > 0;
  return {
    id: '',
    partId: `part-${number}`,
    plateId: 1,
    priority: 100,
    queueOrder: 0,
    createdAt: 0,
    together: null,
    tags: {
      ...(random(2) === 0 ? { 'user.tags': `|=${pick(TAGS, random(4))},${pick(TAGS, random(4))}` } : {}),
      ...(random(4) === 0 ? { 'printer.modelName': modelName } : {}),
    },
    excludedPrinterIds: [],
    file: {
      kind: 'gcode3mf',
      modelCode,
      modelName,
      nozzleDiameters: ['0.4'],
      compatibleNames: [`${modelName} 0.4 nozzle`],
      outside: false,
      reach: { x: 100 + (number % 100), y: 100, z: 50 },
    },
    channels: Array.from({ length: 1 + random(3) }, (_, index) =>
      channel(index, waits && index === 0, random),
    ),
  };
}

/** What waits asks for a type that no slot holds, or for a material that nobody has in stock. */
function channel(index: number, waits: boolean, random: (below: number) => number): MatchChannel {
  const material = random(8);
  const missing = waits && random(2) === 0;
  return {
    index,
    type: pick(TYPES, missing ? 3 + random(3) : random(3)),
    color: `#${pick(COLOURS, random(COLOURS.length)).slice(0, 6)}`,
    infoIdx: '',
    usedGrams: 5 + random(200),
    groupId: null,
    extruder: null,
    alternatives: waits
      ? [{ variantId: `sold-out-${random(50)}` }, { materialId: `sold-out-${random(50)}` }]
      : random(3) === 0
        ? [{ variantId: `variant-${material}-${random(4)}` }, { materialId: `material-${material}` }]
        : [],
  };
}

/** The same jobs, each of a kind of its own. */
export function unlike(jobs: readonly MatchJob[]): readonly MatchJob[] {
  return jobs.map((job, at) => {
    const { file } = job;
    const reach = { x: 100 + at / 100_000, y: 100, z: 50 };
    return { ...job, file: { ...file, reach } };
  });
}

function pick<T>(from: readonly T[], at: number): T {
  const found = from[at % from.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

/** A small generator of numbers (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
