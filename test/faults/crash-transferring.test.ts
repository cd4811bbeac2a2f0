import { afterEach, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

/** Points in the order in which one dispatch passes them: at each, nothing has been asked of the machine that prints. */
const CHAINS = [
  {
    when: 'while a file is to be sent: it is sent in the end',
    host: '127.66.1.1',
    points: ['before:transferring', 'after:transferring', 'before:upload'],
  },
  {
    when: 'when a file has been sent: it is sent no second time',
    host: '127.66.1.2',
    points: ['after:upload', 'before:transferred', 'after:transferred', 'before:start-sent'],
  },
];

let farm: CrashingFarm;
afterEach(() => farm.stop());

describe('pain-08, pain-12: kill -9, and again in the next life,', () => {
  for (const { when, host, points } of CHAINS) {
    it(`${when}, and printed exactly once`, async () => {
      const [first = null, ...later] = points;
      farm = await CrashingFarm.make(host, first);
      await farm.queue();
      await farm.crashed();
      await farm.crashAtEach(later);
      expect(farm.starts()).toHaveLength(0);
      await farm.boot(null);
      const id = await farm.newestJob();
      await farm.until(id, 'completed');
      expect(farm.starts()).toHaveLength(1);
      expect(farm.begun()).toHaveLength(1);
      expect(farm.transfers()).toHaveLength(1);
      // A bed that carries a print is never taken for clear.
      expect(await farm.printerRow()).toMatchObject({ confirmedReady: false, printingJobId: null });
    }, 60_000);
  }
});
