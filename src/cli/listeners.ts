import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CliError, EXIT } from './exit-codes.js';
import { type Endpoint, endpointText } from './options.js';

/** Why an endpoint cannot be had. */
class ListenError extends CliError {
  constructor(
    endpoint: Endpoint,
    readonly code: string,
  ) {
    super(EXIT.failed, `cannot listen on ${endpointText(endpoint)}: ${reason(code, endpoint.port)}`);
  }
}

/** Binds an endpoint for a moment and answers the port that was had. @throws ListenError */
async function bind({ host, port }: Endpoint): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ListenError({ host, port }, code);
  } finally {
    server.close();
  }
}

/** The port that was had, null when it is taken. @throws ListenError for any other reason */
async function tryPort(endpoint: Endpoint): Promise<number | null> {
  try {
    return await bind(endpoint);
  } catch (error) {
    if (error instanceof ListenError && error.code === 'EADDRINUSE') return null;
    throw error;
  }
}

/** The port itself when this process may listen on it, else 0. @throws ListenError when the address is not ours. */
export async function portOrFree(endpoint: Endpoint): Promise<number> {
  try {
    return await bind(endpoint);
  } catch (error) {
    if (error instanceof ListenError && ['EADDRINUSE', 'EACCES'].includes(error.code)) return 0;
    throw error;
  }
}

function reason(code: string, port: number): string {
  if (code === 'EACCES') return `port ${port} needs more rights; ports from 1024 on need none (EACCES)`;
  if (code !== 'EADDRNOTAVAIL' && code !== 'ENOTFOUND') return code;
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map((one) => one.address),
  );
  return `that is no address of this machine, which has ${addresses.join(', ')} (${code})`;
}

/** An endpoint that was free a moment ago, and what there is to say about how it was found. */
export interface Listener {
  readonly endpoint: Endpoint;
  readonly remark: string | null;
}

/**
 * Finds where to listen: what was asked for; for port 0 a free one of the system's choice; for a default that is
 * taken the next free one.
 *
 * @throws CliError when an endpoint that was asked for is taken or cannot be had.
 */
export async function findListener(
  what: string,
  option: string,
  asked: Endpoint | undefined,
  fallback: Endpoint,
): Promise<Listener> {
  const wanted = asked ?? fallback;
  const port = await tryPort(wanted);
  if (port !== null) {
    const endpoint = { host: wanted.host, port };
    const remark =
      wanted.port === 0
        ? `${what}: port 0 was asked for; port ${port} was free and is now in the configuration`
        : null;
    return { endpoint, remark };
  }
  const taken = `${endpointText(wanted)} is in use by another program`;
  for (let next = wanted.port + 1; next <= wanted.port + 100; next++) {
    const endpoint = { host: wanted.host, port: next };
    if (next > 65_535 || (await tryPort(endpoint)) === null) continue;
    if (asked === undefined)
      return { endpoint, remark: `${what}: ${taken}; took ${endpointText(endpoint)} instead` };
    throw new CliError(
      EXIT.failed,
      `${taken}. Nothing was written; free is --${option} ${endpointText(endpoint)}`,
    );
  }
  throw new CliError(EXIT.failed, `${taken}, and so are the next hundred ports. Nothing was written`);
}
