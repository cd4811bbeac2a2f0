import type { ProfileType } from '../contract/enums.js';
import { invalidInput, notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { profile } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { EntityRules } from './rules.js';
import { refuseTwin } from './twin.js';

export const profileRules: EntityRules = {
  async write(tx, values, before) {
    const { id, name, type, inherits } = { ...before, ...values };
    const own = { id: String(id ?? ''), name: String(name), type: String(type) };
    // Profiles inherit by name: two of one name would leave open which is meant.
    await refuseTwin(tx, profile, before, { type, name }, 'type and name');
    const formerName = typeof before?.name === 'string' ? before.name : own.name;
    if (typeof inherits === 'string') await refuseLoop(tx, own, formerName, inherits);
    if (formerName !== own.name) await renameForChildren(tx, own, formerName);
    return { ...values, ...(values.data === undefined ? {} : { data: withoutLogins(values.data) }) };
  },
};

interface Own {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

/** @throws ApiError validation_failed when the profile would inherit from itself, by whatever way */
async function refuseLoop(tx: Transaction, own: Own, formerName: string, inherits: string): Promise<void> {
  const seen = new Set([own.name, formerName]);
  for (let parent = inherits; parent !== ''; ) {
    if (seen.has(parent))
      throw invalidInput([
        {
          path: '$input.inherits',
          expected: 'a profile that does not itself begin with this one',
          value: inherits,
        },
      ]);
    seen.add(parent);
    parent = (await named(tx, own.type, parent, own.id))?.inherits ?? '';
  }
}

/** What inherits from it goes on doing so. */
async function renameForChildren(
  tx: Transaction,
  { id, name, type }: Own,
  formerName: string,
): Promise<void> {
  const children = await ofType(tx, type).where('inherits', '=', formerName).where('id', '!=', id).execute();
  for (const child of children) await tx.update(profile, child.id, { inherits: name });
}

function named(tx: Transaction, type: string, name: string, except: string) {
  return ofType(tx, type).where('name', '=', name).where('id', '!=', except).executeTakeFirst();
}

function ofType(tx: Transaction, type: string) {
  return tx.db
    .selectFrom('profile')
    .select(['id', 'inherits'])
    .where('storeId', '=', tx.context.storeId)
    .where('type', 'in', [type].filter(isProfileType));
}

function isProfileType(word: string): word is ProfileType {
  return word === 'machine' || word === 'process' || word === 'filament';
}

/** Machine presets may hold the login of a print host. Nothing here needs it, and it would be answered to everyone. */
const LOGINS: ReadonlySet<string> = new Set(['printhost_apikey', 'printhost_user', 'printhost_password']);

function withoutLogins(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !LOGINS.has(key)));
}

/**
 * Holds profiles that are named against what they are to be: `wanted` says it by field.
 *
 * @throws ApiError not_found; validation_failed for a profile of another type
 */
export async function requireProfiles(
  tx: Transaction,
  values: Values,
  wanted: Readonly<Record<string, ProfileType>>,
): Promise<void> {
  for (const [field, type] of Object.entries(wanted)) {
    const value = values[field];
    if (typeof value !== 'string') continue;
    const found = await tx.find(profile, value);
    if (!found) throw notFound(profile.label, value);
    if (found.type !== type)
      throw invalidInput([{ path: `$input.${field}`, expected: `a ${type} profile`, value }]);
  }
}

/** A profile of the farm's own or of the slicer's: naming one takes the other away. */
export function oneProfile(values: Values, user: string, system: string): Values {
  if (typeof values[user] === 'string') return { ...values, [system]: null };
  if (typeof values[system] === 'number') return { ...values, [user]: null };
  return values;
}
