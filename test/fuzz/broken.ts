import fc from 'fast-check';

/** A body as it goes out: text, for not all of it is JSON. */
export interface Sent {
  readonly text: string;
  readonly contentType: string;
}

const JSON_TYPE = 'application/json';

const JUNK = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  0.5,
  1e308,
  '',
  'a\u0000b',
  '\ud800',
  '\u202e\u0301\u0301',
  "' or 1=1 --",
  '2026-02-30T25:00:00.000Z',
  'a'.repeat(24),
  'x'.repeat(70_000),
  [],
  [[]],
  {},
  { toString: 1 },
  Array.from({ length: 300 }, () => 1),
);

/** Bodies that are near to a right one and yet are none. */
export function broken(right: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const json = (arbitrary: fc.Arbitrary<unknown>) =>
    arbitrary.map((value): Sent => ({ text: JSON.stringify(value) ?? '', contentType: JSON_TYPE }));
  const changed = fc
    .tuple(right, fc.nat(1_000_000), JUNK, fc.constantFrom('replace', 'remove', 'add', 'polluted'))
    .map(([value, at, junk, how]) => change(structuredClone(value), at, junk, how));
  return fc.oneof(
    { weight: 10, arbitrary: json(changed) },
    { weight: 3, arbitrary: json(JUNK) },
    { weight: 2, arbitrary: right.map((value) => cutOff(value)) },
    { weight: 1, arbitrary: json(right).map((sent) => ({ ...sent, contentType: 'text/xml' })) },
    { weight: 1, arbitrary: fc.constant({ text: '['.repeat(5_000), contentType: JSON_TYPE }) },
    { weight: 1, arbitrary: json(right.map((value) => ({ value }))) },
  );
}

function cutOff(value: unknown): Sent {
  const text = JSON.stringify(value) ?? '';
  return { text: text.slice(0, Math.max(1, Math.floor(text.length * 0.7))), contentType: JSON_TYPE };
}

/** Changes one place of a value, whichever. */
function change(value: unknown, at: number, junk: unknown, how: string): unknown {
  const places = placesOf(value);
  const place = places[at % places.length];
  if (!place) return junk;
  const { holder, key } = place;
  if (how === 'remove') Reflect.deleteProperty(holder, key);
  else if (how === 'add') Reflect.set(holder, 'unheard of', junk);
  else if (how === 'polluted')
    Object.defineProperty(holder, '__proto__', { value: { polluted: junk }, enumerable: true });
  else Reflect.set(holder, key, junk);
  return value;
}

function placesOf(value: unknown): { holder: object; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesOf(inner)]);
}

const QUERY_NAME = fc.constantFrom(
  'limit',
  'offset',
  'sort',
  'fields',
  'include',
  'meta',
  'hints',
  'id',
  'name',
  'status.in',
  'createdAt.between',
  'createdAt.gte',
  'metadata.a.b.eq',
  'tags.contains',
  'id.like',
  '__proto__.eq',
  'storeId',
  'unheard.of',
);

/** Query strings of which most are wrong. */
export const brokenQuery: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      QUERY_NAME,
      fc.oneof(
        fc.constantFrom(
          '',
          '-1',
          '99999999',
          'name:up',
          'a.b.c.d',
          '[',
          '"',
          '%00',
          'null',
          'x'.repeat(3_000),
          ',,,',
        ),
        fc.string({ maxLength: 6 }),
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map(
    (pairs) =>
      `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, '?'))}`).join('&')}`,
  );
