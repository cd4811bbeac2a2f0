/** The baseline of `list`, `get` and `search`: a bare Fastify server with statements prepared once. */
import BetterSqlite from 'better-sqlite3';
import fastify from 'fastify';
import { z } from 'zod';
import type { AnyColumn } from '../../src/resources/column.js';
import { part, printJob } from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { NOTHING, onAsk } from './asks.js';

const [file = '', storeId = '', pictures = '{}'] = process.argv.slice(2);
const database = new BetterSqlite(file, { readonly: true, fileMustExist: true });
const urls = new Map(Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(pictures))));

type Row = Record<string, unknown>;
type Read = (raw: unknown) => unknown;

const plain: Read = (raw) => raw;
const flag: Read = (raw) => (raw === null ? null : raw !== 0);
const parsed: Read = (raw) => (typeof raw === 'string' ? JSON.parse(raw) : null);
const picture: Read = (raw) => (typeof raw === 'string' ? urls.get(raw) : null);

function reading(name: string, { kind }: AnyColumn): Read {
  if (/thumbnailUri$/i.test(name)) return picture;
  if (kind === 'boolean') return flag;
  return kind === 'json' || kind === 'array' ? parsed : plain;
}

/** What is selected of a table, and how a row of it is answered. */
function shapeOf({ columns }: Resource) {
  const visible = Object.entries(columns).filter(([, column]) => !column.hidden);
  const reads = visible.map(([name, column]) => [name, reading(name, column)] as const);
  return {
    names: visible.map(([name]) => `"${name}"`).join(', '),
    answer(row: Row): Row {
      const entity: Row = {};
      for (const [name, read] of reads) entity[name] = read(row[name]);
      return entity;
    },
  };
}

const parts = shapeOf(part);
const jobs = shapeOf(printJob);

const listParts = database.prepare<[string, number], Row>(
  `select ${parts.names} from "part" where "storeId" = ? order by "createdAt", "id" limit ?`,
);
const countParts = database
  .prepare<[string], number>(`select count(*) from "part" where "storeId" = ?`)
  .pluck();
const getJob = database.prepare<[string, string], Row>(
  `select ${jobs.names} from "printJob" where "id" = ? and "storeId" = ?`,
);
const FOUND = `from "printJob" where "storeId" = ? and "partId" = ? and "status" = ?`;
const searchJobs = database.prepare<[string, string, string, number], Row>(
  `select ${jobs.names} ${FOUND} order by "createdAt" desc, "id" limit ?`,
);
const countJobs = database.prepare<[string, string, string], number>(`select count(*) ${FOUND}`).pluck();
const getPart = database.prepare<[string], Row>(`select ${parts.names} from "part" where "id" = ?`);

const app = fastify();

const asText = (body: unknown) => JSON.stringify(body);
const JSON_TYPE = 'application/json; charset=utf-8';

app.get<{ Querystring: { limit: string } }>('/v1/parts', (request, reply) => {
  const rows = listParts.all(storeId, Number(request.query.limit));
  reply.header('content-type', JSON_TYPE).header('x-total-count', String(countParts.get(storeId)));
  return reply.send(asText(rows.map(parts.answer)));
});

app.get<{ Params: { id: string } }>('/v1/print-jobs/:id', (request, reply) => {
  const row = getJob.get(request.params.id, storeId);
  return reply.header('content-type', JSON_TYPE).send(asText(row ? jobs.answer(row) : null));
});

interface Search {
  readonly filter: { readonly partId: string; readonly status: string };
  readonly limit: number;
}

app.post<{ Body: Search }>('/v1/print-jobs/search', (request, reply) => {
  const beganAt = performance.now();
  const { filter, limit } = request.body;
  const rows = searchJobs.all(storeId, filter.partId, filter.status, limit);
  const found = getPart.get(filter.partId);
  const included = found ? parts.answer(found) : null;
  const data = rows.map((row) => ({ ...jobs.answer(row), part: included }));
  const total =
    data.length < limit ? data.length : (countJobs.get(storeId, filter.partId, filter.status) ?? 0);
  const executionTime = Math.round(performance.now() - beganAt);
  const meta = { total, count: data.length, offset: 0, limit, hasMore: data.length < total, executionTime };
  return reply.code(201).header('content-type', JSON_TYPE).send(asText({ data, meta }));
});

const url = app.listen({ host: '127.0.0.1', port: 0 });
onAsk('url', NOTHING, () => url);
// The channel keeps the process until then.
process.channel?.ref();
