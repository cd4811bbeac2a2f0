import { describe, expect, it } from 'vitest';
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
