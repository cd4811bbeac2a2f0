/**
 * The load of `ingest`: many printers in one process that send full reports at a steady rate. The emulator is not
 * asked to, because working out 200 machines each second would take the CPU that the subject needs.
 */

import { z } from 'zod';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';
import { loopbackAddresses } from '../../src/cli/loopback-addresses.js';
import { NOTHING, onAsk } from './asks.js';
import { PlayedPrinter } from './played-printer.js';
import { reportTemplates } from './report-template.js';

const TICK_MS = 5;

const [firstAddress = '', count = ''] = process.argv.slice(2);
const printers: PlayedPrinter[] = [];

onAsk('open', NOTHING, async () => {
  const ca = await createEmulatorCa();
  const issuer = new LeafIssuer(ca);
  const hosts = loopbackAddresses(firstAddress, Number(count));
  const templates = await reportTemplates(firstAddress);
  for (const [index, host] of hosts.entries()) {
    const printer = new PlayedPrinter(host, index, templates, issuer);
    await printer.start();
    printers.push(printer);
  }
  return {
    caPem: ca.certificatePem,
    reportBytes: JSON.stringify(templates.report).length,
    printers: printers.map(({ serial, host, mqttPort, accessCode }) => ({
      serial,
      host,
      mqttPort,
      accessCode,
    })),
  };
});
onAsk('subscribers', NOTHING, () => printers.filter((printer) => printer.hasSubscriber).length);
onAsk('sent', NOTHING, sent);
onAsk('shown', NOTHING, () => printers.filter((printer) => printer.hasSubscriber).map(({ shown }) => shown));
onAsk('play', z.object({ seconds: z.number(), perSecond: z.number().default(1) }), ({ seconds, perSecond }) =>
  play(seconds, perSecond),
);

process.once('disconnect', () => process.exit(0));

function sent(): number {
  return printers.reduce((sum, printer) => sum + printer.sent, 0);
}

/** So many reports of each subscribed printer in every second, spread evenly over it. */
function play(seconds: number, perSecond: number): Promise<{ lateMs: number }> {
  const playing = printers.filter((printer) => printer.hasSubscriber);
  const rate = playing.length * perSecond;
  const total = Math.round(rate * seconds);
  const began = performance.now();
  let done = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate));
      for (; done < due; done++) playing[done % playing.length]?.report();
      if (done < total) return;
      clearInterval(timer);
      resolve({ lateMs: performance.now() - began - seconds * 1000 });
    }, TICK_MS);
  });
}
