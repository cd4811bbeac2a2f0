import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../contract/errors.js';
import { contentDisposition } from '../storage/content-disposition.js';
import { decodeFileName } from '../storage/file-name.js';
import type { OpenedFile } from '../storage/file-store.js';
import { type ByteRange, contentRange, parseRange } from '../storage/range.js';

import type { ExpectContinue } from './expect-continue.js';

/** What the routes need of the store; made by operations, so that HTTP never sees the database. */
export interface FileTransfers {
  /** Takes the bytes of an upload. @throws ApiError, StorageError */
  receive(
    uri: string,
    token: string,
    bytes: Readable,
    expectedBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Finds a file whose address is valid. @throws ApiError */
  find(method: string, uri: string, token: string): Promise<{ sha256: string; bytes: number }>;
  open(sha256: string, range: ByteRange | undefined): Promise<OpenedFile>;
}

/** Kinds that browsers may show; everything else is only handed over. */
const TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.3mf': 'model/3mf',
  '.stl': 'model/stl',
};

/** Signed addresses: the token is the permission. Bytes are streamed, never held. */
export function mountStorage(app: FastifyInstance, transfers: FileTransfers, expect: ExpectContinue): void {
  app.removeAllContentTypeParsers();
  // Any type, or none: the bytes are taken as they come.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', async (request) => {
    delete request.raw.headers['content-type'];
  });

  app.put('/storage/*', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    allowAnywhere(reply);
    const gone = new AbortController();
    request.raw.once('close', () => request.raw.complete || gone.abort());
    const { uri, token } = addressOf(request);
    const declared = request.headers['content-length'];
    await transfers.receive(
      uri,
      token,
      expect.body(request.raw, reply.raw),
      declared === undefined ? undefined : Number(declared),
      gone.signal,
    );
    return reply.code(200).header('content-length', 0).send();
  });

  app.options('/storage/*', async (_request, reply) => {
    allowAnywhere(reply);
    return reply
      .header('access-control-allow-methods', 'PUT, GET, HEAD')
      .header('access-control-allow-headers', 'content-type, range')
      .code(204)
      .send();
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/storage/*',
    handler: async (request, reply) => {
      allowAnywhere(reply);
      const { uri, token } = addressOf(request);
      const file = await transfers.find(request.method, uri, token);
      const name = decodeFileName(uri.slice(uri.lastIndexOf('/') + 1));
      const type = TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
      const range = parseRange(request.headers.range, file.bytes);
      if (range === 'unsatisfiable') {
        reply.header('content-range', contentRange(null, file.bytes));
        throw new ApiError('range_not_satisfiable', `The file has ${file.bytes} bytes`);
      }
      const opened = await transfers.open(file.sha256, range ?? undefined);
      reply
        .header('accept-ranges', 'bytes')
        .header('etag', `"${file.sha256}"`)
        .header('content-type', type)
        .header('content-length', opened.bytes)
        .header(
          'content-disposition',
          contentDisposition(type.startsWith('image/') ? 'inline' : 'attachment', name),
        );
      if (range) reply.code(206).header('content-range', contentRange(range, file.bytes));
      if (request.method === 'GET') return reply.send(opened.stream);
      opened.stream.destroy();
      return reply.send();
    },
  });
}

/** The signature is the permission, whatever page the request comes from. */
function allowAnywhere(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*');
}

function addressOf(request: FastifyRequest): { uri: string; token: string } {
  const [path = '', query = ''] = request.url.split('?', 2);
  const token = new URLSearchParams(query).get('token') ?? '';
  try {
    const uri = path.slice('/storage/'.length).split('/').map(decodeURIComponent).join('/');
    return { uri, token };
  } catch {
    throw new ApiError('not_found', 'This is not an address that was given out');
  }
}
