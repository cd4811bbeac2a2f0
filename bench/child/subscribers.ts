/** Many subscribers in one process, for `fanout`, `latency`, `idle-subscribers` and `stalled-subscriber`. */
import { z } from 'zod';
import { NOTHING, onAsk } from './asks.js';
import { RawSubscriber } from './raw-subscriber.js';
import { monotonicMs } from './report-name.js';

/** So many handshakes at once; brokers hold back who connects too fast. */
const AT_ONCE = 10;

const opening = z.object({
  host: z.string(),
  port: z.int(),
  caPem: z.string(),
  username: z.string(),
  password: z.string(),
  topic: z.string(),
  clientPrefix: z.string(),
  count: z.int(),
  /** Addresses that they come from by turns. */
  from: z.array(z.string()),
  /** The newest message of each topic is kept. */
  keep: z.boolean(),
  /** When each message came is kept, by what it says. */
  time: z.boolean(),
});

const subscribers: RawSubscriber[] = [];
const kept = new Map<string, string>();
const times: [string, number][] = [];

/** What names a message of `latency`: the printer's print, and the layer that it is at. */
const LAYER = /"currentLayer":(\d+)/;
const TASK = /"taskName":"([^"]+)"/;

onAsk('open', opening, async ({ count, from, clientPrefix, keep, time, ...place }) => {
  for (let done = 0; done < count; ) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_unused, at) => {
      const number = subscribers.length + at;
      const localAddress = from[number % Math.max(1, from.length)];
      const onMessage = keep || time ? message(keep && number === 0, time) : null;
      const where = { ...place, ...(localAddress === undefined ? {} : { localAddress }) };
      return RawSubscriber.open(where, `${clientPrefix}${number}`, onMessage);
    });
    subscribers.push(...(await Promise.all(group)));
    done += group.length;
  }
  return subscribers.length;
});
onAsk('open-now', NOTHING, () => subscribers.filter(({ isOpen }) => isOpen).length);
onAsk('messages', NOTHING, () => subscribers.reduce((sum, { messages }) => sum + messages, 0));
onAsk('kept', NOTHING, () => [...kept]);
onAsk('times', NOTHING, () => times.splice(0));
onAsk('stall', NOTHING, () => {
  subscribers[0]?.stall();
  return null;
});
onAsk('close', NOTHING, () => {
  for (const subscriber of subscribers.splice(0)) subscriber.close();
  return null;
});
process.once('disconnect', () => process.exit(0));

function message(keep: boolean, time: boolean) {
  return (topic: string, payload: Buffer) => {
    if (time) {
      const at = monotonicMs();
      const text = payload.toString();
      times.push([`${TASK.exec(text)?.[1]} ${LAYER.exec(text)?.[1]}`, at]);
    }
    if (keep) kept.set(topic, payload.toString());
  };
}
