import { beforeEach, describe, expect, test } from 'vitest';
import type { PrinterActivity } from '../../drivers/driver.js';
import { PrintsWatch } from '../../src/fleet/prints-watch.js';
import { idleState } from '../dispatch/scripted-driver.js';

let watch: PrintsWatch;
beforeEach(() => {
  watch = new PrintsWatch();
});

function shows(activity: PrinterActivity, id: string, name = '', complete = true): void {
  const state = idleState({ activity }, { subtaskId: id, taskId: id, name });
  watch.note({ receivedAt: 0, activityAt: 0, sequence: 0, complete, state });
}

describe('noticing prints', () => {
  test('an idle printer is no news', () => {
    shows('FINISH', '77', 'vase');
    shows('IDLE', '77', 'vase');
    expect(watch.news).toBeNull();
  });

  test('a print is news once, and stays so until it is written', () => {
    shows('RUNNING', '77');
    const { news } = watch;
    expect(news).toMatchObject({ ids: ['77', '77'] });
    shows('FINISH', '77');
    expect(watch.news).toBe(news);
    watch.written(news);
    expect(watch.news).toBeNull();
    shows('FINISH', '77');
    expect(watch.news).toBeNull();
  });

  test('pain-14: marks where there were none betray a print that nobody saw', () => {
    shows('IDLE', '0');
    expect(watch.shown).toEqual({ ids: [], name: '' });
    shows('FINISH', '78', 'bowl');
    expect(watch.news).toMatchObject({ ids: ['78', '78'] });
  });

  test('pain-14: marks other than those kept from an earlier process betray a print that nobody saw', () => {
    watch = new PrintsWatch({ ids: ['77'], name: 'vase' });
    shows('FINISH', '77', 'vase');
    shows('IDLE', '0');
    expect(watch.news).toBeNull();
    shows('FINISH', '78', 'bowl');
    expect(watch.news).toMatchObject({ ids: ['78', '78'] });
    expect(watch.shown).toEqual({ ids: ['78', '78'], name: 'bowl' });
  });

  test('a print noticed while another was being written is not forgotten', () => {
    shows('RUNNING', '77');
    const { news } = watch;
    shows('FINISH', '77');
    shows('PREPARE', '78');
    watch.written(news);
    expect(watch.news).toMatchObject({ ids: ['78', '78'] });
  });

  test('pain-14: a print that nobody saw betrays itself by its marks', () => {
    shows('FINISH', '77', 'vase');
    shows('FINISH', '78', 'cube');
    expect(watch.news).toMatchObject({ ids: ['78', '78'] });
  });

  test('marks that fade, or come back, betray nothing', () => {
    shows('FINISH', '77', 'vase');
    shows('IDLE', '0', 'vase');
    shows('IDLE', '0');
    shows('FINISH', '77', 'vase');
    expect(watch.news).toBeNull();
  });

  test('pain-34: a print without ids is a print', () => {
    shows('PREPARE', '0', 'cube');
    expect(watch.news).toMatchObject({ ids: [] });
  });

  test('a report that is not complete proves nothing', () => {
    shows('RUNNING', '77', '', false);
    expect(watch.news).toBeNull();
  });
});
