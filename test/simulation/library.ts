import { z } from 'zod';
import type { Draw } from './draw.js';
import { NO_ANSWER, type Person } from './person.js';

const entity = z.object({ id: z.string() });

/** Colours of the library by the slot in which a freshly filled AMS has them; see `SPOOLS`. */
const SLOTS = [
  { name: 'White', color: '#FFFFFFFF', type: 'PLA' },
  { name: 'Black', color: '#000000FF', type: 'PLA' },
  { name: 'Red', color: '#FF0000FF', type: 'PETG' },
  { name: 'Green', color: '#00AE42FF', type: 'PLA' },
] as const;

export type FilamentType = (typeof SLOTS)[number]['type'];
export type Alternative =
  | { readonly variantId: string }
  | { readonly materialId: string }
  | { readonly materialType: string }
  | { readonly groupId: string };
/** Channel index to what will do there, best first. */
export type Assignments = Readonly<Record<string, readonly Alternative[]>>;

/** The farm's materials, as a person has entered them. */
export interface Library {
  readonly materials: Readonly<Record<FilamentType, string>>;
  /** The variant that belongs into a slot of an AMS, by the slot's index. */
  readonly bySlot: readonly string[];
  readonly typeOf: ReadonlyMap<string, FilamentType>;
  /** By type: a group of that type, with the variants that are in it or in a group below it. */
  readonly groups: Readonly<
    Record<FilamentType, { readonly id: string; readonly variants: readonly string[] }>
  >;
}

/** Enters materials, a variant for each slot, and groups of which one lies in another. */
export async function enterLibrary(person: Person): Promise<Library> {
  const make = async (path: string, body: object): Promise<string> => {
    const answer = await person.ask(entity, 'POST', path, body);
    if (answer === null || answer === NO_ANSWER) throw new Error(`${path} was not answered`);
    return answer.id;
  };
  const material = (name: string, type: FilamentType, identifier: string) =>
    make('/v1/materials', { name, brand: 'Acme', type, identifier });
  const materials = {
    PLA: await material('Basic', 'PLA', 'GFA00'),
    PETG: await material('Tough', 'PETG', 'GFG00'),
  };
  const bySlot: string[] = [];
  for (const { name, color, type } of SLOTS)
    bySlot.push(await make('/v1/materials/variants', { name, color, materialId: materials[type] }));
  const group = (name: string, priority: number, parentId: string | null) =>
    make('/v1/materials/groups', { name, priority, parentId });
  const member = (materialGroupId: string, variantId: string | undefined, priority: number) =>
    make('/v1/materials/group-members', { materialGroupId, variantId, materialId: null, priority });
  const [, black = '', red = '', green = ''] = bySlot;
  const dark = await group('Dark', 0, null);
  const darker = await group('Darker', 1, dark);
  await member(dark, green, 0);
  await member(darker, black, 0);
  const tough = await group('Tough', 0, null);
  await member(tough, red, 0);
  return {
    materials,
    bySlot,
    typeOf: new Map(bySlot.map((id, slot) => [id, SLOTS[slot]?.type ?? 'PLA'])),
    groups: { PLA: { id: dark, variants: [green, black] }, PETG: { id: tough, variants: [red] } },
  };
}

/**
 * What a person may ask of the channels of a file, one of these types each. A farm with full and named spools can
 * always give it: no two channels ask for the same variant.
 */
export function drawAssignments(draw: Draw, library: Library, types: readonly FilamentType[]): Assignments {
  const left = [...library.bySlot];
  return Object.fromEntries(
    types.map((type, channel) => [String(channel), drawDemand(draw, library, type, left)]),
  );
}

function drawDemand(
  draw: Draw,
  library: Library,
  type: FilamentType,
  left: string[],
): readonly Alternative[] {
  const variants = left.filter((id) => library.typeOf.get(id) === type);
  const variantId = draw.one(variants);
  left.splice(left.indexOf(variantId), 1);
  // A variant that is asked for beside others is kept for this channel, so that each finds a slot of its own.
  const { groups, materials } = library;
  return draw.one<readonly Alternative[]>([
    [{ variantId }],
    [{ materialId: materials[type] }],
    [{ materialType: type }],
    [{ variantId }, { materialId: materials[type] }],
    [{ variantId }, { groupId: groups[type].id }, { materialType: type }],
  ]);
}

/** What a mapped slot is known to hold. */
export interface Mapped {
  readonly variantId?: string | undefined;
  readonly materialId?: string | undefined;
  readonly materialType?: string | undefined;
}

/** Whether a slot gives what is asked for: the referee's own reading of the rules. */
export function gives(slot: Mapped, wanted: readonly Alternative[], library: Library): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((one) => {
    if ('variantId' in one) return slot.variantId === one.variantId;
    if ('materialId' in one) return slot.materialId === one.materialId;
    if ('materialType' in one) return slot.materialType === one.materialType;
    const group = Object.values(library.groups).find(({ id }) => id === one.groupId);
    return slot.variantId !== undefined && group?.variants.includes(slot.variantId) === true;
  });
}
