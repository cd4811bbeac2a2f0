import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../src/domain/audit-entries.js';
import { DriverError, type PrinterState } from '../../src/fleet/live-printer.js';
import { attentionTo } from '../../src/operations/printers/attention.js';
import { printerState } from '../realtime/states.js';

function live(changes: Partial<PrinterState>, error: DriverError | null = null) {
  const connection = { status: error ? ('offline' as const) : ('online' as const), since: 0, error };
  const report = { receivedAt: 0, activityAt: 0, sequence: 1, complete: true, state: printerState(changes) };
  return { connection, report };
}

describe('what wants attention', () => {
  it('is nothing with a printer in order', () => {
    expect(attentionTo(live({ developerMode: 'on', storage: 'ok', upgrading: false }), true)).toEqual([]);
    expect(attentionTo(null, null)).toEqual([]);
  });

  it.each([
    [true, 'LAN Only Mode is on already: switch on Developer Mode too'],
    [false, 'switch on LAN Only Mode and then Developer Mode'],
    [null, 'switch on LAN Only Mode and then Developer Mode'],
  ])('is Developer Mode, from where the printer stands (announces LAN only: %s)', (lanOnly, words) => {
    const [first] = attentionTo(live({ developerMode: 'off', storage: 'ok', upgrading: false }), lanOnly);
    expect(first).toMatchObject({ code: 'developer-mode', message: expect.stringContaining(words) });
  });

  it('is first what the daemon decided by itself, also of a printer that is away', () => {
    const at = '2026-11-26T04:00:00.000Z';
    const setAside = { at, reason: '3 jobs in a row could not be begun on it; the last: cut' };
    const continuousEnded = { at, reason: 'its door stands open' };
    const found = attentionTo(null, null, { setAside, continuousEnded });
    expect(found.map(({ code }) => code)).toEqual(['set-aside', 'continuous-print']);
    expect(found[0]?.message).toContain(`since ${at}: ${setAside.reason}. When that is mended, confirm`);
    expect(found[1]?.message).toContain(`went off at ${at}: its door stands open. Look at the bed`);
    const off = live({ developerMode: 'off', storage: 'ok', upgrading: false });
    expect(attentionTo(off, null, { setAside, continuousEnded: null })).toHaveLength(2);
  });

  it('is told to the audit log too, with the reason, when the daemon decides it', () => {
    const at = '2026-11-26T04:00:00.000Z';
    const change = (fields: readonly string[], before: object, after: object) => [
      {
        resource: 'printer',
        action: 'UPDATE' as const,
        id: 'p',
        fields,
        before: { ...before },
        after: { ...after },
      },
    ];
    const off = change(
      ['continuousPrint', 'continuousEnded'],
      { continuousPrint: true, continuousEnded: null },
      { continuousPrint: false, continuousEnded: { at, reason: 'a print failed' } },
    );
    const daemon = { type: 'system', id: null } as const;
    expect(entriesOf(daemon, off)).toEqual([
      {
        entityType: 'Printers',
        ids: ['p'],
        action: 'update',
        detailedAction: 'printer.continuousPrintDisabled',
        changes: [{ field: 'continuousPrint', oldValue: true, newValue: false }],
        metadata: { reason: 'a print failed' },
      },
    ]);
    const aside = change(['setAside'], { setAside: null }, { setAside: { at, reason: 'three' } });
    expect(entriesOf(daemon, aside)).toMatchObject([
      { detailedAction: 'printer.setAside', metadata: { reason: 'three' } },
    ]);
    expect(entriesOf(daemon, change(['setAside'], { setAside: {} }, { setAside: null }))).toEqual([]);
  });

  it('is the card, and an update', () => {
    const codes = (changes: Partial<PrinterState>) =>
      attentionTo(live({ developerMode: 'on', upgrading: false, ...changes }), null).map(({ code }) => code);
    expect(codes({ storage: 'none' })).toEqual(['storage']);
    expect(codes({ storage: 'read-only', upgrading: true })).toEqual(['storage', 'busy']);
  });

  it('is why it is away, and nothing that was true before', () => {
    const error = new DriverError('auth', 'The access code was refused.');
    expect(attentionTo(live({ developerMode: 'off' }, error), null)).toEqual([
      { code: 'auth', message: 'The access code was refused.' },
    ]);
  });
});
