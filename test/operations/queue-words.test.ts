import { describe, expect, it } from 'vitest';
import { checkPair } from '../../src/matching/pair.js';
import { decisive, whyWaiting } from '../../src/operations/jobs/queue-words.js';
import { job, printer, SETTINGS } from '../matching/samples.js';

type Changes = Parameters<typeof printer>[0];

const found = (printers: readonly Changes[], settings = SETTINGS) =>
  printers.map((changes, index) => {
    const one = printer({ id: `p${index}`, name: `P${index}`, ...changes });
    return { printer: one, result: checkPair(job(), one, settings) };
  });
const other: Changes = { nozzles: [{ index: 0, diameter: '0.6' }] };

describe('why a job waits', () => {
  it('is said in one line', () => {
    expect(whyWaiting([])).toBe('There is no printer.');
    expect(whyWaiting(found([{ ready: false }, {}]))).toBe('Fits P1, which is free.');
    const busy: Changes = { available: false, doing: 'printing "x"' };
    expect(whyWaiting(found([busy, busy, { ready: false }, other]))).toBe(
      'Fits 3 of 4 printers: 2 not free, 1 bed not confirmed clear.',
    );
    expect(whyWaiting(found([{ enabled: false }, { isInMaintenance: true }, { online: false }]))).toBe(
      'Fits 3 of 3 printers: 1 disabled, 1 in maintenance, 1 offline.',
    );
    expect(whyWaiting(found([other, { slots: [] }, { ...other, slots: [], ready: false }]))).toBe(
      'Fits none of 3 printers: 2 no filament loaded, 1 tags, model or nozzle do not match.',
    );
  });

  it('is what a single printer says, where there is one that counts', () => {
    const aside: Changes = { setAside: { reason: 'three jobs failed' } };
    expect(whyWaiting(found([aside, other]))).toBe('P0: The printer is set aside: three jobs failed');
    expect(whyWaiting(found([other]))).toMatch(/^P0: .*nozzle/);
  });

  it('is the limit of the farm, where that alone keeps it', () => {
    const settings = { ...SETTINGS, startsLeft: { count: 0, because: 'Outside the working hours.' } };
    expect(whyWaiting(found([{}, {}, other], settings))).toBe('Outside the working hours.');
  });

  it('is, printer by printer, the first check that fails, or the filament that is taken', () => {
    const [fits, unready] = found([{}, { ready: false }]).map(({ result }) => decisive(result));
    expect(fits).toMatchObject({
      label: 'Filament matches',
      explanation: expect.stringContaining('from AMS 1'),
    });
    expect(unready).toMatchObject({ label: 'Bed clear' });
  });

  it('is why a printer will never do, and not what it is busy with meanwhile', () => {
    const [misfit] = found([{ ...other, available: false, ready: false }]).map(({ result }) =>
      decisive(result),
    );
    expect(misfit).toMatchObject({ label: 'Tags, model and nozzle match' });
  });
});
