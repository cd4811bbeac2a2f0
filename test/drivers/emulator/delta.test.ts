import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changes } from '../../../drivers/emulator/delta.js';
import { isObject, type Json, type JsonObject } from '../../../drivers/emulator/json.js';

/** What a client does with a delta: objects merge, units and trays merge by id, everything else is replaced. */
function merged(before: JsonObject, delta: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries(delta)) {
    const old = result[key];
    if (isObject(value) && isObject(old)) result[key] = merged(old, value);
    else if ((key === 'ams' || key === 'tray') && Array.isArray(value) && Array.isArray(old)) {
      const items = old.filter(isObject);
      for (const item of value.filter(isObject)) {
        const at = items.findIndex((known) => known.id === item.id);
        if (at < 0) items.push(item);
        else items[at] = merged(items[at] ?? {}, item);
      }
      result[key] = items;
    } else result[key] = value;
  }
  return result;
}

const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const tray = (id: number) =>
  fc.record({ id: fc.constant(String(id)), color: fc.string(), remain: fc.integer() });
const unit = (id: number) =>
  fc.record({
    id: fc.constant(String(id)),
    humidity: fc.integer(),
    tray: fc.tuple(tray(0), tray(1), tray(2)),
  });
const report = fc.record({
  gcode_state: fc.constantFrom('IDLE', 'RUNNING', 'FINISH'),
  mc_percent: fc.integer(),
  hms: fc.array(fc.record({ attr: fc.integer(), code: fc.integer() })),
  device: fc.record({ bed: fc.record({ temp: fc.integer() }), fan: scalar }),
  ams: fc.record({ tray_now: fc.string(), ams: fc.tuple(unit(0), unit(128)) }),
});

describe('changes between reports', () => {
  test('merged into the old report give the new one', () => {
    fc.assert(
      fc.property(report, report, (before, after) => {
        const delta = changes(before, after);
        expect(merged(before, delta ?? {})).toEqual(after);
      }),
    );
  });

  test('are none when nothing changed', () => {
    fc.assert(
      fc.property(report, (same) => {
        expect(changes(same, structuredClone(same))).toBeNull();
      }),
    );
  });

  test('name of the AMS only the trays and fields that changed', () => {
    const before = {
      ams: {
        ams: [
          {
            id: '0',
            tray: [
              { id: '0', remain: 5 },
              { id: '1', remain: 5, k: 1 },
            ],
          },
        ],
      },
    };
    const after = {
      ams: {
        ams: [
          {
            id: '0',
            tray: [
              { id: '0', remain: 5 },
              { id: '1', remain: 4, k: 1 },
            ],
          },
        ],
      },
    };

    expect(changes(before, after)).toEqual({ ams: { ams: [{ id: '0', tray: [{ id: '1', remain: 4 }] }] } });
  });

  test('tell a spool that was taken out by the id alone', () => {
    const before = { tray: [{ id: '0', tray_type: 'PLA', remain: 5 }] };

    expect(changes(before, { tray: [{ id: '0' }] })).toEqual({ tray: [{ id: '0' }] });
  });
});
