/**
 * `list`, `get`, `search`: what a request costs, against a bare Fastify handler on the same database.
 *
 * `list` is a page of 100 of 10,000 parts, `get` one job by its id, `search` a part's completed jobs (two filters, a
 * sort, one include) among 1,000,000. Requests per second over 16 connections; the bare handler runs the same queries
 * as statements prepared once, with the same driver, and answers the same bytes, which is looked at first. `search`
 * also says what the same requests cost among 1,000 jobs, what a full page of 1,000 jobs with two includes takes in
 * memory, and how long 64 connections stop the event loop at most.
 *
 * What limits it: where an answer is long, turning rows into JSON, which both do; where it is short, Fastify itself and
 * what must be done for each request before the query: key, permissions, parameters.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { Daemon, inFolder } from './farm.js';
import { HttpLoad, type LoadRequest } from './http-load.js';
import { bareArgs } from './places.js';
import { cpuSeconds, peakResidentBytes, resetPeak, residentBytes } from './process-stat.js';
import { jobId, partId, type RestFarm, restFarm } from './rest-farm.js';

const PARTS = 10_000;
const SECONDS = 8;
const CONNECTIONS = 16;
const MANY_CONNECTIONS = 64;
const WARM_S = 2;
const GOAL = { op: '>=', value: 0.5 } as const;

export const list: Benchmark = {
  name: 'list',
  about: 'GET of 100 of 10,000 parts, against a bare handler with a prepared statement',
  run: (options) =>
    inFolder('list', async (folder) => {
      const farm = await restFarm(folder, { parts: PARTS, jobs: 1 });
      return [await compared('list', { method: 'GET', path: '/v1/parts?limit=100' }, farm, folder, options)];
    }),
};

export const get: Benchmark = {
  name: 'get',
  about: 'GET of one job by its id, against a bare handler with a prepared statement',
  run: (options) =>
    inFolder('get', async (folder) => {
      const farm = await restFarm(folder, { parts: 100, jobs: 10_000 });
      const request: LoadRequest = { method: 'GET', path: `/v1/print-jobs/${jobId(5_000)}` };
      return [await compared('get', request, farm, folder, options)];
    }),
};

export const search: Benchmark = {
  name: 'search',
  about:
    'search among 1,000,000 jobs, against a bare handler with prepared statements; and what grows with them',
  run: (options) =>
    inFolder('search', async (folder) => {
      options.tell('making a farm with 1,000,000 jobs');
      const large = await restFarm(folder, { parts: PARTS, jobs: 1_000_000 });
      const small = await restFarm(folder, { parts: PARTS / 1_000, jobs: 1_000 });
      const figure = await compared('search', searchFor(partId(7)), large, folder, options);
      const [growth, page] = await grown(large, small, folder, options);
      return [{ ...figure, detail: { ...figure.detail, ...page } }, growth];
    }),
};

function searchFor(part: string): LoadRequest {
  const filter = { partId: part, status: 'completed' };
  return {
    method: 'POST',
    path: '/v1/print-jobs/search',
    body: JSON.stringify({ filter, sort: 'createdAt:desc', include: 'part', limit: 100 }),
  };
}

/** Requests per second of daemon and bare handler in turn. */
async function compared(
  name: string,
  request: LoadRequest,
  { installation, databaseFile }: RestFarm,
  folder: string,
  options: BenchmarkOptions,
): Promise<Figure> {
  const seconds = options.seconds ?? SECONDS;
  const daemon = await Daemon.start(installation, { profileDir: options.profileDir });
  const load = new HttpLoad(folder);
  let bare: Child | null = null;
  try {
    const subjectUrl = installation.url;
    const answer = await load.once(subjectUrl, request, installation);
    bare = new Child({
      name: 'the bare handler',
      args: bareArgs('bare-rest', [databaseFile, installation.storeId, JSON.stringify(picturesIn(answer))]),
      logFile: join(folder, 'bare-rest.log'),
    });
    const bareUrl = await bare.ask(z.string(), 'url');
    const same = await load.once(bareUrl, request, installation);
    if (timeless(same) !== timeless(answer)) throw new Error(`other bytes:\n${same}\n${answer}`);
    const rates: Record<'subject' | 'baseline' | 'subjectCpu' | 'baselineCpu', number[]> = {
      subject: [],
      baseline: [],
      subjectCpu: [],
      baselineCpu: [],
    };
    const measure = async (side: 'subject' | 'baseline', url: string, pid: number) => {
      await load.run({ url, request, installation, connections: CONNECTIONS, seconds: WARM_S });
      const before = cpuSeconds(pid);
      const done = await load.run({ url, request, installation, connections: CONNECTIONS, seconds });
      rates[side].push(done.requests / done.seconds);
      rates[`${side}Cpu`].push(((cpuSeconds(pid) - before) * 1e6) / done.requests);
    };
    for (let round = 1; round <= options.rounds; round++) {
      options.tell(`round ${round} of ${options.rounds}: ${request.method} ${request.path}`);
      await measure('subject', subjectUrl, daemon.pid);
      await measure('baseline', bareUrl, bare.pid);
    }
    return {
      name,
      goal: GOAL,
      subject: median(rates.subject),
      baseline: median(rates.baseline),
      unit: 'requests/s',
      detail: {
        connections: CONNECTIONS,
        bytes: Buffer.byteLength(answer),
        subjectCpuMicros: median(rates.subjectCpu),
        baselineCpuMicros: median(rates.baselineCpu),
      },
    };
  } finally {
    await bare?.stop();
    await load.stop();
    await daemon.stop();
  }
}

/** Pictures have signed addresses: what the bare handler could not know. */
function picturesIn(answer: string): Record<string, string> {
  const urls = [...new Set(answer.match(/http:[^"]*\/storage\/[^"]*/g) ?? [])];
  return Object.fromEntries(
    urls.map((url) => {
      const path = new URL(url).pathname.slice('/storage/'.length);
      return [path.split('/').map(decodeURIComponent).join('/'), url];
    }),
  );
}

/** How long it took differs from answer to answer. */
function timeless(answer: string): string {
  return answer.replace(/"executionTime":\d+/, '"executionTime":0');
}

/** Milliseconds of CPU for a request with many jobs and with few, and what a full page takes of the many. */
async function grown(
  large: RestFarm,
  small: RestFarm,
  folder: string,
  options: BenchmarkOptions,
): Promise<readonly [Figure, Readonly<Record<string, number>>]> {
  const many = await costs(large, 1_000_000, folder, options);
  const few = await costs(small, 1_000, folder, options);
  const ratios = many.micros.map((cost, at) => cost / (few.micros[at] ?? 0));
  const worst = ratios.indexOf(Math.max(...ratios));
  const [searchRatio = 0, getRatio = 0, pageRatio = 0, newestRatio = 0] = ratios;
  return [
    {
      name: 'search-growth',
      goal: { op: '<=', value: 1.5 },
      subject: many.micros[worst] ?? 0,
      baseline: few.micros[worst] ?? 0,
      unit: 'µs of CPU',
      detail: { searchRatio, getRatio, pageRatio, newestRatio },
    },
    many.page,
  ];
}

const PAGE: LoadRequest = { method: 'GET', path: '/v1/print-jobs?limit=1000&include=part,partBuild' };

async function costs(
  { installation }: RestFarm,
  jobs: number,
  folder: string,
  options: BenchmarkOptions,
): Promise<{ readonly micros: readonly number[]; readonly page: Readonly<Record<string, number>> }> {
  const requests: readonly LoadRequest[] = [
    searchFor(partId(7)),
    { method: 'GET', path: `/v1/print-jobs/${jobId(jobs)}` },
    { method: 'GET', path: '/v1/print-jobs?status=completed&limit=100' },
    { method: 'GET', path: '/v1/print-jobs?sort=createdAt:desc&limit=100' },
  ];
  const daemon = await Daemon.start(installation);
  const load = new HttpLoad(folder);
  const url = installation.url;
  try {
    const micros: number[] = [];
    for (const request of requests) {
      options.tell(`${jobs} jobs: ${request.method} ${request.path}`);
      const base = { url, request, installation, connections: CONNECTIONS };
      await load.run({ ...base, seconds: WARM_S });
      const taken: number[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        const before = cpuSeconds(daemon.pid);
        const done = await load.run({ ...base, seconds: (options.seconds ?? SECONDS) / 2 });
        taken.push(((cpuSeconds(daemon.pid) - before) * 1e6) / done.requests);
      }
      micros.push(median(taken));
    }
    return { micros, page: await fullPage(daemon, load) };
  } finally {
    await load.stop();
    await daemon.stop();
  }
}

const delays = z.object({ p99Ms: z.number(), maxMs: z.number() });

async function fullPage(daemon: Daemon, load: HttpLoad): Promise<Readonly<Record<string, number>>> {
  const { installation, child, pid } = daemon;
  const { url } = installation;
  const bytes = Buffer.byteLength(await load.once(url, PAGE, installation));
  await daemon.memory();
  resetPeak(pid);
  const before = residentBytes(pid);
  await load.once(url, PAGE, installation);
  const pageMemoryBytes = Math.max(0, peakResidentBytes(pid) - before);
  const stall = async (request: LoadRequest) => {
    await child.ask(z.null(), 'watch-delay');
    await load.run({ url, request, installation, connections: MANY_CONNECTIONS, seconds: SECONDS });
    return child.ask(delays, 'delay');
  };
  const searching = await stall(searchFor(partId(7)));
  const paging = await stall(PAGE);
  return {
    pageBytes: bytes,
    pageMemoryBytes,
    searchStallMaxMs: searching.maxMs,
    pageStallMaxMs: paging.maxMs,
  };
}
