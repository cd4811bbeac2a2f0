/** Gives a broker, at a steady rate, the messages that the daemon has published. */
import { readFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import { onAsk } from './asks.js';

const TICK_MS = 5;

const [url = '', caFile = '', messagesFile = ''] = process.argv.slice(2);
const messages = z
  .array(z.tuple([z.string(), z.string()]))
  .parse(JSON.parse(readFileSync(messagesFile, 'utf8')));
let client: Promise<MqttClient> | null = null;

onAsk('play', z.object({ seconds: z.number() }), async ({ seconds }) => {
  client ??= connectAsync(url, { ca: readFileSync(caFile), clientId: 'feeder', reconnectPeriod: 0 });
  await play(await client, seconds);
  return null;
});
process.once('disconnect', () => process.exit(0));
process.channel?.ref();

/** Each message once in every second, spread evenly over it. */
function play(to: MqttClient, seconds: number): Promise<void> {
  const total = Math.round(messages.length * seconds);
  const began = performance.now();
  let done = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * messages.length));
      for (; done < due; done++) {
        const [topic, payload] = messages[done % messages.length] ?? ['', ''];
        to.publish(topic, payload, { qos: 0, retain: true });
      }
      if (done < total) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}
