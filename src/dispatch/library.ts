import type { PrinterSlot } from '../domain/slots.js';
import type {
  AssignedFilament,
  FilamentProfile,
  MaterialAlternative,
  MaterialChoice,
} from '../matching/input.js';
import type {
  material,
  materialGroup,
  materialGroupMember,
  materialProfileAssignment,
  materialVariant,
} from '../resources/index.js';
import type { Row } from '../resources/resource.js';

export interface LibraryRows {
  readonly materials: readonly Row<typeof material>[];
  readonly variants: readonly Row<typeof materialVariant>[];
  readonly groups: readonly Row<typeof materialGroup>[];
  readonly members: readonly Row<typeof materialGroupMember>[];
  readonly profiles: readonly Row<typeof materialProfileAssignment>[];
  /** What slices slots that hold a bare type and name no profile of their own. */
  readonly fallbackProfile: FilamentProfile | null;
}

/** An alternative as it is stored: a group by its id alone. */
export type StoredAlternative = MaterialChoice | { readonly groupId: string };

/** Printer model and nozzle, as profiles of materials name them. */
export interface ModelAndNozzle {
  readonly modelId: string | null;
  readonly nozzleDiameter: string;
}

/** The farm's materials, in the form in which matching asks about them. */
export class Library {
  readonly #materials: ReadonlyMap<string, Row<typeof material>>;
  readonly #variants: ReadonlyMap<string, Row<typeof materialVariant>>;
  /** By id, or by parent, each in its order. */
  readonly #children: ReadonlyMap<string, readonly string[]>;
  readonly #members: ReadonlyMap<string, readonly MaterialChoice[]>;
  readonly #profiles: ReadonlyMap<string, FilamentProfile>;
  readonly #fallback: FilamentProfile | null;

  constructor(rows: LibraryRows) {
    this.#materials = new Map(rows.materials.map((row) => [row.id, row]));
    this.#variants = new Map(rows.variants.map((row) => [row.id, row]));
    this.#children = grouped(
      rows.groups.toSorted(byPriority),
      (row) => row.parentId,
      ({ id }) => id,
    );
    this.#members = grouped(rows.members.toSorted(byPriority), (row) => row.materialGroupId, asChoice);
    this.#profiles = new Map(
      rows.profiles.flatMap((row) => {
        const found = profileOf(row.userProfileId, row.systemProfileId);
        const owner = row.variantId ?? row.materialId;
        return found === null || owner === null ? [] : [[profileKey(owner, row), found] as const];
      }),
    );
    this.#fallback = rows.fallbackProfile;
  }

  /** What a group admits, best first: its own members, then those of its child groups, each child in the same way. */
  members(groupId: string): readonly MaterialChoice[] {
    const found: MaterialChoice[] = [];
    const seen = new Set<string>();
    const visit = (id: string) => {
      // The rules of groups forbid a loop; a damaged table must not hang the matcher.
      if (seen.has(id)) return;
      seen.add(id);
      found.push(...(this.#members.get(id) ?? []));
      for (const child of this.#children.get(id) ?? []) visit(child);
    };
    visit(groupId);
    return found;
  }

  alternatives(stored: readonly StoredAlternative[]): readonly MaterialAlternative[] {
    return stored.map((one) =>
      'groupId' in one ? { groupId: one.groupId, members: this.members(one.groupId) } : one,
    );
  }

  /** What a slot's row says beyond what the printer itself reports of it. */
  assigned(row: PrinterSlot): AssignedFilament | null {
    const known = row.materialId === null ? null : (this.#materials.get(row.materialId) ?? null);
    if (known === null) {
      const type = row.materialType ?? '';
      if (type === '' || type === row.expectedData?.type) return null;
      return { type, materialId: null, variantId: null, name: type, color: null, infoIdx: null };
    }
    const variant = row.variantId === null ? null : (this.#variants.get(row.variantId) ?? null);
    return {
      type: known.type,
      materialId: known.id,
      variantId: variant?.id ?? null,
      name: [known.brand, known.name, variant?.name ?? ''].filter((word) => word !== '').join(' '),
      color: variant?.color ?? null,
      infoIdx: known.identifier,
    };
  }

  /**
   * The profile that slices what is in a slot: the variant's for the model and nozzle, else the material's, else what
   * variant or material name for all printers. A bare type has the slot's own, else the farm's fallback.
   */
  profile(row: PrinterSlot, { modelId, nozzleDiameter }: ModelAndNozzle): FilamentProfile | null {
    if (row.materialId === null)
      return profileOf(row.filamentUserProfileId, row.filamentSystemProfileId) ?? this.#fallback;
    const variant = row.variantId === null ? undefined : this.#variants.get(row.variantId);
    const known = this.#materials.get(row.materialId);
    const named = (owner: string | null) =>
      owner === null || modelId === null
        ? null
        : (this.#profiles.get(profileKey(owner, { modelId, nozzleDiameter })) ?? null);
    return (
      named(row.variantId) ??
      named(row.materialId) ??
      profileOf(variant?.filamentUserProfileId ?? null, variant?.filamentSystemProfileId ?? null) ??
      profileOf(known?.filamentUserProfileId ?? null, known?.filamentSystemProfileId ?? null)
    );
  }
}

export function profileOf(userId: string | null, systemId: number | null): FilamentProfile | null {
  if (userId !== null) return { userId };
  return systemId === null ? null : { systemId };
}

function asChoice(row: Row<typeof materialGroupMember>): MaterialChoice {
  if (row.variantId !== null) return { variantId: row.variantId };
  return row.materialId === null ? { materialType: row.materialType } : { materialId: row.materialId };
}

function profileKey(
  owner: string,
  { modelId, nozzleDiameter }: { readonly modelId: string; readonly nozzleDiameter: string },
): string {
  return `${owner} ${modelId} ${Number(nozzleDiameter)}`;
}

interface Prioritised {
  readonly priority: number;
  readonly createdAt: string;
  readonly id: string;
}

function byPriority(a: Prioritised, b: Prioritised): number {
  const [one, other] = [`${a.createdAt} ${a.id}`, `${b.createdAt} ${b.id}`];
  return a.priority - b.priority || (one < other ? -1 : Number(one > other));
}

function grouped<T, V>(
  rows: readonly T[],
  keyOf: (row: T) => string | null,
  pick: (row: T) => V,
): ReadonlyMap<string, readonly V[]> {
  const found = new Map<string, V[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === null) continue;
    const list = found.get(key) ?? [];
    list.push(pick(row));
    found.set(key, list);
  }
  return found;
}
