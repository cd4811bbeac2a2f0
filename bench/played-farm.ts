/** An installation whose printers are those of a report player. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Benchmark, BenchmarkOptions, Figure } from './benchmark.js';
import { built, Child } from './child.js';
import { type Installation, inFolder, install } from './farm.js';
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

/** What one round of a benchmark works with. */
export interface PlayedRound<Farm> extends Pick<BenchmarkOptions, 'profileDir'> {
  readonly folder: string;
  readonly farm: Farm;
  readonly player: Child;
  readonly printers: number;
  readonly seconds: number;
}

export interface PlayedOptions<Farm, Taken> {
  readonly name: string;
  readonly about: string;
  /** Where the caller does not say. */
  readonly printers: number;
  readonly seconds: number;
  /** How often a round plays for `seconds`. */
  readonly plays: number;
  readonly open: (folder: string, player: Child) => Promise<Farm>;
  readonly take: (round: PlayedRound<Farm>) => Promise<Taken>;
  /** The figure of all rounds. */
  readonly figure: (taken: readonly Taken[], printers: number) => Omit<Figure, 'name'>;
}

/** A benchmark that takes the same thing in each round, of a farm whose printers are played all the while. */
export function playedBenchmark<Farm, Taken>(given: PlayedOptions<Farm, Taken>): Benchmark {
  const { name, about } = given;
  return {
    name,
    about,
    run: (options) =>
      inFolder(name, async (folder) => [{ name, ...(await measure(folder, given, options)) }]),
  };
}

async function measure<Farm, Taken>(
  folder: string,
  { open, take, figure, plays, ...given }: PlayedOptions<Farm, Taken>,
  { rounds, tell, profileDir, ...asked }: BenchmarkOptions,
): Promise<Omit<Figure, 'name'>> {
  const printers = asked.printers ?? given.printers;
  const seconds = asked.seconds ?? given.seconds;
  const player = reportPlayer(folder, printers);
  try {
    const farm = await open(folder, player);
    const taken: Taken[] = [];
    for (let round = 1; round <= rounds; round++) {
      tell(`round ${round} of ${rounds}: ${printers} printers, ${plays} times ${seconds} s`);
      taken.push(await take({ folder, farm, player, printers, seconds, profileDir }));
    }
    return figure(taken, printers);
  } finally {
    await player.stop();
  }
}
