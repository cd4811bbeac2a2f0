/** The baseline of `upload-farm`: basic-ftp sends one file to every printer at the same time and does nothing else. */
import { readFileSync } from 'node:fs';
import { Client } from 'basic-ftp';
import { z } from 'zod';
import { NOTHING, onAsk } from './asks.js';

const [printersJson = '', caFile = '', file = ''] = process.argv.slice(2);
const printers = z
  .array(z.object({ serial: z.string(), host: z.string(), ftpPort: z.int(), accessCode: z.string() }))
  .parse(JSON.parse(printersJson));
const ca = readFileSync(caFile, 'utf8');
const TIMEOUT_MS = 120_000;

async function send({ serial, host, ftpPort, accessCode }: (typeof printers)[number]): Promise<void> {
  const client = new Client(TIMEOUT_MS);
  try {
    await client.access({
      host,
      port: ftpPort,
      user: 'bblp',
      password: accessCode,
      secure: 'implicit',
      secureOptions: {
        ca,
        servername: serial,
        checkServerIdentity: () => undefined,
        maxVersion: 'TLSv1.2',
      },
    });
    await client.uploadFrom(file, 'bare.gcode.3mf');
  } finally {
    client.close();
  }
}

onAsk('ready', NOTHING, () => null);
onAsk('send', NOTHING, () => {
  Promise.all(printers.map(send)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  return null;
});
// The channel keeps the process until then.
process.channel?.ref();
