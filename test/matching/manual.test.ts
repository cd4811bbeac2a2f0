import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type {
  MatchChannel,
  MatchJob,
  MatchPrinter,
  MatchSlot,
  MaterialAlternative,
  MaterialChoice,
} from '../../src/matching/input.js';
import { matchQueue } from '../../src/matching/queue.js';
import { assigned, channel, job, printer, SETTINGS, slicedFile, slot } from './samples.js';

const choice = z.union([
  z.strictObject({ variant: z.string() }),
  z.strictObject({ material: z.string() }),
  z.strictObject({ type: z.string() }),
]);
const wish = z.union([choice, z.strictObject({ group: z.array(choice) })]);
const nozzle = z.enum(['left', 'right']);
const spool = z.preprocess(
  (given) => (typeof given === 'string' ? { holds: given } : given),
  z.strictObject({
    holds: z.string(),
    material: z.string().optional(),
    variant: z.string().optional(),
    left: z.number().optional(),
    nozzle: nozzle.optional(),
  }),
);
const filament = z.preprocess(
  (given) => (typeof given === 'string' ? { is: given } : given),
  z.strictObject({
    is: z.string(),
    wants: z.array(wish).optional(),
    grams: z.number().optional(),
    nozzle: nozzle.optional(),
  }),
);
const example = z.strictObject({
  settings: z
    .strictObject({
      processLowPriorityJobs: z.boolean().optional(),
      checkRemaining: z.enum(['off', 'warn', 'refuse']).optional(),
    })
    .default({}),
  printers: z.array(
    z.strictObject({
      name: z.string(),
      model: z.string().default('P1S'),
      nozzle: z.string().default('0.4'),
      lastPrinted: z.number().nullable().default(null),
      ready: z.boolean().default(true),
      tags: z.array(z.string()).default([]),
      slots: z.array(spool),
    }),
  ),
  jobs: z.array(
    z.strictObject({
      name: z.string(),
      model: z.string().default('P1S'),
      priority: z.enum(['normal', 'low']).default('normal'),
      together: z.string().nullable().default(null),
      tags: z.record(z.string(), z.string()).default({}),
      filaments: z.array(filament),
    }),
  ),
  /** By the name of the job: `A slot 2`, `A slots 4, 3`, `waits`, or `waits: ` with words that the reason has. */
  gives: z.record(z.string(), z.string()),
});
type Example = z.infer<typeof example>;

const COLOURS: Readonly<Record<string, string>> = {
  white: 'FFFFFFFF',
  black: '000000FF',
  red: 'FF0000FF',
  blue: '0000FFFF',
};
const EXTRUDERS = { right: 0, left: 1 } as const;

function typeAndColour(text: string): { readonly type: string; readonly color: string } {
  const [type = '', name = ''] = text.split(' ');
  const color = COLOURS[name];
  if (color === undefined) throw new Error(`"${text}" is no type and colour`);
  return { type, color };
}

function slotOf(given: z.infer<typeof spool>, at: number): MatchSlot {
  const { type, color } = typeAndColour(given.holds);
  const { material = null, variant = null, left = null, nozzle: feeds = null } = given;
  return slot(at >> 2, at & 3, {
    type,
    color,
    assigned: material === null ? null : assigned(type, material, variant, { name: variant ?? material }),
    remainingGrams: left,
    extruder: feeds === null ? null : EXTRUDERS[feeds],
  });
}

function alternativeOf(given: z.infer<typeof wish>): MaterialAlternative {
  return 'group' in given ? { groupId: 'group', members: given.group.map(choiceOf) } : choiceOf(given);
}

function choiceOf(given: z.infer<typeof choice>): MaterialChoice {
  if ('variant' in given) return { variantId: given.variant };
  return 'material' in given ? { materialId: given.material } : { materialType: given.type };
}

function channelOf(given: z.infer<typeof filament>, index: number): MatchChannel {
  const { wants = [], grams = null, nozzle: through = null } = given;
  return channel(index, {
    ...typeAndColour(given.is),
    alternatives: wants.map(alternativeOf),
    usedGrams: grams,
    extruder: through === null ? null : EXTRUDERS[through],
  });
}

function printerOf(given: Example['printers'][number]): MatchPrinter {
  const { name, model, lastPrinted, ready, tags, slots } = given;
  return printer({
    id: name,
    name,
    modelCode: model,
    modelName: `Bambu Lab ${model}`,
    modelAliases: [],
    runsFilesFor: [model],
    nozzles: [{ index: 0, diameter: given.nozzle }],
    lastPrintedAt: lastPrinted,
    ready,
    tags,
    slots: slots.map(slotOf),
  });
}

function jobOf(given: Example['jobs'][number], queueOrder: number): MatchJob {
  const { name, model, tags, together, filaments } = given;
  return job({
    id: name,
    partId: name,
    priority: given.priority === 'low' ? 1000 : 100,
    queueOrder,
    tags,
    together,
    file: slicedFile({ modelCode: model, modelName: `Bambu Lab ${model}` }),
    channels: filaments.map(channelOf),
  });
}

const text = readFileSync(join(import.meta.dirname, '../../docs/queue.md'), 'utf8');
const examples = [...text.matchAll(/^```yaml example\n(.*?)^```/gms)].map(([, yaml = '']) =>
  example.parse(parse(yaml)),
);

it('the manual has examples of every rule', () => {
  expect(examples.length).toBeGreaterThanOrEqual(13);
});

it.each(examples.map((one) => [one.jobs.map(({ name }) => name).join(', '), one] as const))(
  'the manual is right about: %s',
  (_, { settings, printers, jobs, gives }) => {
    const { processLowPriorityJobs = false, checkRemaining = 'warn' } = settings;
    const result = matchQueue(jobs.map(jobOf), printers.map(printerOf), {
      ...SETTINGS,
      processLowPriorityJobs,
      checkRemaining,
    });
    const given = new Map(
      result.assignments.map(({ jobId, printerId, mapping }) => {
        const slots = mapping.flatMap((entry) => ('skip' in entry ? [] : entry.tray + 1));
        return [jobId, `${printerId} slot${slots.length > 1 ? 's' : ''} ${slots.join(', ')}`];
      }),
    );
    for (const { name } of jobs) {
      const [expected = '', words] = (gives[name] ?? 'nothing is said of it').split(': ');
      expect(given.get(name) ?? 'waits', name).toBe(expected);
      if (words === undefined) continue;
      const reasons = [...(result.reasons(name)?.values() ?? [])].map(({ reason }) => reason);
      expect(reasons.join('\n')).toContain(words);
    }
  },
);
