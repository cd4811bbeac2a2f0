import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** Case folded, with the wildcards of the value taken literally. */
export function like(
  text: RawBuilder<unknown>,
  operator: 'contains' | 'startsWith' | 'endsWith',
  value: string,
): RawBuilder<SqlBool> {
  const literal = value.toLowerCase().replaceAll(/[\\%_]/g, (char) => `\\${char}`);
  const pattern = `${operator === 'startsWith' ? '' : '%'}${literal}${operator === 'endsWith' ? '' : '%'}`;
  return sql<SqlBool>`lower(${text}) like ${pattern} escape '\\'`;
}
