/**
 * `auth`: what knowing the caller costs.
 *
 * CPU of the daemon for a GET by id with a key that was seen before and limits off, ÷ the same process with a gate that
 * lets one caller in without a look. Both take turns: two processes of the same program differ by more than what is
 * asked for here. Beside it: what the first request with a key costs more than the second, which reads the key's row, hashes the
 * secret, and writes when the key was used last.
 *
 * What limits it: for each request two headers are read, and the key is compared with the one that was right before.
 */
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Daemon, inFolder } from './farm.js';
import { HttpLoad, type LoadRequest } from './http-load.js';
import { cpuSeconds } from './process-stat.js';
import { jobId, restFarm } from './rest-farm.js';

/** Who shows it is let in by the gate of `bench/child/open-gate.ts`. */
const OPEN = 'open';
const SECONDS = 6;
const CONNECTIONS = 16;
const WARM_S = 3;
const KEYS = 300;
/** More turns than others take: the goal is a difference of a few percent. */
const TURNS = 3;

export const auth: Benchmark = {
  name: 'auth',
  about: 'CPU of GET by id with a warm key, against the same daemon without a look at it',
  run: (options) => inFolder('auth', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure]> {
  const { installation } = await restFarm(folder, { parts: 10, jobs: 1_000 });
  const request: LoadRequest = { method: 'GET', path: `/v1/print-jobs/${jobId(500)}` };
  const load = new HttpLoad(folder);
  const daemon = await Daemon.start(installation, {
    probes: ['bench/child/open-gate.js'],
    profileDir: options.profileDir,
  });
  try {
    const micros = async (apiKey: string, seconds: number) => {
      const { url, storeId } = installation;
      const before = cpuSeconds(daemon.pid);
      const caller = { apiKey, storeId };
      const done = await load.run({ url, request, installation: caller, connections: CONNECTIONS, seconds });
      return ((cpuSeconds(daemon.pid) - before) * 1e6) / done.requests;
    };
    const seconds = options.seconds ?? SECONDS;
    await micros(installation.apiKey, WARM_S);
    await micros(OPEN, WARM_S);
    const [subject, baseline]: [number[], number[]] = [[], []];
    for (let turn = 1; turn <= options.rounds * TURNS; turn++) {
      options.tell(`turn ${turn} of ${options.rounds * TURNS}`);
      const sides = [
        async () => subject.push(await micros(installation.apiKey, seconds)),
        async () => baseline.push(await micros(OPEN, seconds)),
      ];
      // By turns the first, so that what changes over time meets both.
      for (const side of turn % 2 === 0 ? sides.reverse() : sides) await side();
    }
    return [
      {
        name: 'auth',
        goal: { op: '<=', value: 1.05 },
        subject: median(subject),
        baseline: median(baseline),
        unit: 'µs of CPU',
        detail: { turns: subject.length, ...(await coldKeys(daemon, request)) },
      },
    ];
  } finally {
    await load.stop();
    await daemon.stop();
  }
}

const made = z.object({ key: z.string() });

async function coldKeys(daemon: Daemon, request: LoadRequest): Promise<Readonly<Record<string, number>>> {
  const { api, installation, pid } = daemon;
  const keys: string[] = [];
  for (let at = 0; at < KEYS; at++) {
    const body = { name: `Key ${at}`, permissions: ['queue.view'] };
    keys.push((await api.call(made, 'POST', '/v1/api-keys', body)).key);
  }
  const each = async () => {
    const [cpu, beganAt] = [cpuSeconds(pid), performance.now()];
    for (const key of keys) {
      const headers = { authorization: `ApiKey ${key}`, 'x-printago-storeid': installation.storeId };
      const answer = await fetch(installation.url + request.path, { headers });
      if (!answer.ok) throw new Error(`a new key was answered ${answer.status}`);
      await answer.arrayBuffer();
    }
    return {
      cpuMicros: ((cpuSeconds(pid) - cpu) * 1e6) / KEYS,
      ms: (performance.now() - beganAt) / KEYS,
    };
  };
  const [cold, warm] = [await each(), await each()];
  return {
    coldCpuMicros: cold.cpuMicros,
    secondCpuMicros: warm.cpuMicros,
    coldMs: cold.ms,
    secondMs: warm.ms,
  };
}
