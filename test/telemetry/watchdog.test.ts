import { EventEmitter, once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Watchdog } from '../../src/telemetry/watchdog.js';

function watchdog(progress: () => Promise<void>, intervalMs = 10) {
  const events = new EventEmitter();
  const dog = new Watchdog({
    intervalMs,
    progress,
    feed: async () => {
      events.emit('fed');
    },
    log: {
      error: (...args: unknown[]) => void events.emit('complaint', args),
      info: (...args: unknown[]) => void events.emit('relief', args),
    },
  });
  onTestFinished(() => dog.stop());
  return { dog, events };
}

describe('the watchdog', () => {
  it('is fed again and again while there is progress', async () => {
    const { dog, events } = watchdog(async () => undefined);
    dog.start();
    await once(events, 'fed');
    await once(events, 'fed');
  });

  it('is not fed without progress, which is told once, and fed again with it', async () => {
    const story: string[] = [];
    const { dog, events } = watchdog(async () => {
      story.push('look');
      if (story.filter((what) => what === 'look').length <= 3) throw new Error('the database stands still');
    });
    for (const what of ['fed', 'complaint', 'relief']) events.on(what, () => story.push(what));
    const fed = once(events, 'fed');
    dog.start();
    await fed;
    expect(story).toEqual(['look', 'complaint', 'look', 'look', 'look', 'relief', 'fed']);
  });

  it('takes a proof that does not come for none', async () => {
    const { dog, events } = watchdog(() => new Promise(() => undefined));
    events.on('fed', () => expect.unreachable());
    dog.start();
    const [[{ err }]] = await once(events, 'complaint');
    expect(String(err)).toContain('did not come within 5 ms');
  });

  it('says nothing after the stop, not even for a proof under way', async () => {
    let prove: () => void = () => undefined;
    let asked: () => void = () => undefined;
    const looking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const proof = new Promise<void>((resolve) => {
      prove = resolve;
    });
    const { dog, events } = watchdog(() => {
      asked();
      return proof;
    }, 2_000);
    events.on('fed', () => expect.unreachable());
    dog.start();
    await looking;
    dog.stop();
    prove();
    await proof;
  });
});
