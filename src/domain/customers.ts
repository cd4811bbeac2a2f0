import { sql } from 'kysely';
import type { Transaction } from '../database/transaction.js';
import { customer } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { customerRules } from './customer-rules.js';
import { createEntity } from './entities.js';
import { textOf } from './text.js';

/**
 * The customer with that id of the shop, else with that e-mail address whatever its case, else a new one. One who is
 * known stays as is.
 *
 * @returns the id
 * @throws ApiError validation_failed for one without name, email and phone
 */
export async function knownCustomer(tx: Transaction, values: Values): Promise<string> {
  await customerRules.write?.(tx, values, null);
  const known = (await byExternalId(tx, values)) ?? (await byEmail(tx, values));
  return known ?? (await createEntity(tx, customer, values)).id;
}

async function byExternalId(tx: Transaction, values: Values): Promise<string | null> {
  const externalId = textOf(values.externalId);
  if (externalId === null) return null;
  const found = await sql<{ id: string }>`
    select "id" from "customer" where "storeId" = ${tx.context.storeId}
    and "source" = ${values.source ?? 'manual'} and "externalId" = ${externalId}
  `.execute(tx.db);
  return found.rows[0]?.id ?? null;
}

async function byEmail(tx: Transaction, values: Values): Promise<string | null> {
  const email = textOf(values.email);
  if (email === null) return null;
  const found = await sql<{ id: string }>`
    select "id" from "customer" where "storeId" = ${tx.context.storeId}
    and "email" is not null and lower("email") = lower(${email}) order by "createdAt", "id" limit 1
  `.execute(tx.db);
  return found.rows[0]?.id ?? null;
}
