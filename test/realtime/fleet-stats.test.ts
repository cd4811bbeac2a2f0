import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import { ChangeFeed } from '../../src/database/change.js';
import { fleetStats } from '../../src/realtime/fleet-stats.js';

it('tells of a printer that a job takes hold of or lets go of, though it reports nothing meanwhile', async () => {
  const feed = new ChangeFeed((error) => {
    throw error;
  });
  const fleet = { all: () => [], live: () => null, on: () => () => undefined };
  const source = fleetStats({ fleet, storeId: newId(), isBusy: () => false, feed });
  const heard = vi.fn();
  const leave = source.onChange(heard);
  const printerId = newId();
  const commit = (action: 'INSERT' | 'UPDATE', fields: readonly string[], resource = 'dispatch') =>
    feed.emit({
      sequence: 1,
      context: {
        storeId: newId(),
        actor: { type: 'system', id: null },
        address: null,
        correlationId: 'test',
      },
      at: 0,
      changes: [{ resource, action, id: newId(), before: null, after: { printerId }, fields }],
    });
  commit('INSERT', []);
  // Not yet: who holds the printer hears of the commit after this.
  expect(heard).not.toHaveBeenCalled();
  await turn();
  expect(heard.mock.calls).toEqual([[printerId]]);
  commit('UPDATE', ['step']);
  commit('INSERT', [], 'printJob');
  commit('UPDATE', ['step', 'endedAt']);
  await turn();
  expect(heard).toHaveBeenCalledTimes(2);
  commit('INSERT', []);
  leave();
  commit('INSERT', []);
  await turn();
  expect(heard).toHaveBeenCalledTimes(2);
});
