/** An installation whose printers are those of a report player. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { built, Child } from './child.js';
import { type Installation, install } from './farm.js';
import { freeAddress } from './places.js';

const opened = z.object({
  caPem: z.string(),
  reportBytes: z.int(),
  printers: z.array(
    z.object({ serial: z.string(), host: z.string(), mqttPort: z.int(), accessCode: z.string() }),
  ),
});
export type Opened = z.infer<typeof opened>;

/** The process that plays so many printers. */
export function reportPlayer(folder: string, printers: number): Child {
  return new Child({
    name: 'the report player',
    args: [built('bench/child/report-player.js'), freeAddress(), String(printers)],
    logFile: join(folder, 'player.log'),
  });
}

/** Opens the player's printers. */
export function openPlayer(player: Child): Promise<Opened> {
  return player.ask(opened, 'open');
}

/** A new installation that knows the first printers of the player, all of them unless said otherwise. */
export async function farmOfPlayer(folder: string, load: Opened, count = load.printers.length) {
  const caFile = join(folder, 'printers-ca.pem');
  await writeFile(caFile, load.caPem);
  return install(join(folder, `farm-${count}`), {
    caFiles: [caFile],
    printers: load.printers.slice(0, count).map((one) => ({ ...one, ftpPort: 990, model: 'X1C' })),
  });
}

export async function playedFarm(folder: string, player: Child): Promise<Installation> {
  return farmOfPlayer(folder, await openPlayer(player));
}
