import type { Change } from '../database/change.js';

/** What of the matcher's memory does not hold any more. */
export interface StaleParts {
  /** Everything: read it all anew. */
  readonly all: boolean;
  /** The farm's materials, their groups and profiles, or the settings of the store. */
  readonly library: boolean;
  /** Groups, of which jobs carry the members. */
  readonly groups: boolean;
  readonly jobs: ReadonlySet<string>;
  readonly printers: ReadonlySet<string>;
  /** Parts of which the materials changed, or which are gone. */
  readonly parts: ReadonlySet<string>;
  /** Spools of which somebody said how much is left. */
  readonly spools: ReadonlySet<string>;
}

const LIBRARY: ReadonlySet<string> = new Set([
  'material',
  'materialVariant',
  'materialProfileAssignment',
  'storeSettings',
]);
const GROUPS: ReadonlySet<string> = new Set(['materialGroup', 'materialGroupMember']);

/** Gathers from the change feed what has to be read anew before the next pass. */
export class Stale {
  #all = true;
  #library = false;
  #groups = false;
  #jobs = new Set<string>();
  #printers = new Set<string>();
  #parts = new Set<string>();
  #spools = new Set<string>();

  /** @returns whether the change can let a job start */
  note(change: Change): boolean {
    const { resource, id } = change;
    if (resource === 'printJob') {
      // Of jobs under way only their end matters, which makes room for others.
      if (isPending(change.before) || isPending(change.after)) this.#jobs.add(id);
      return change.fields.length === 0 || change.fields.includes('status') || isPending(change.after);
    }
    if (resource === 'printer') this.#printers.add(id);
    else if (resource === 'printerSlot') addText(this.#printers, change, 'printerId');
    else if (resource === 'materialInstance') this.#spools.add(id);
    else if (resource === 'partMaterialAssignment') addText(this.#parts, change, 'partId');
    else if (resource === 'part' && change.action === 'DELETE') this.#parts.add(id);
    else if (GROUPS.has(resource)) this.#groups = true;
    else if (LIBRARY.has(resource)) this.#library = true;
    else return false;
    return true;
  }

  everything(): void {
    this.#all = true;
  }

  job(id: string): void {
    this.#jobs.add(id);
  }

  printer(id: string): void {
    this.#printers.add(id);
  }

  /** What is stale until now; from here on it counts as read. */
  take(): StaleParts {
    const taken = {
      all: this.#all,
      library: this.#library || this.#groups,
      groups: this.#groups,
      jobs: this.#jobs,
      printers: this.#printers,
      parts: this.#parts,
      spools: this.#spools,
    };
    this.#all = this.#library = this.#groups = false;
    this.#jobs = new Set();
    this.#printers = new Set();
    this.#parts = new Set();
    this.#spools = new Set();
    return taken;
  }
}

function isPending(row: Change['after']): boolean {
  return row?.status === 'pending';
}

function addText(to: Set<string>, { before, after }: Change, column: string): void {
  for (const row of [before, after]) {
    const value = row?.[column];
    if (typeof value === 'string') to.add(value);
  }
}
