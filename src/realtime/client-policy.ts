import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import { loggable } from './client-id.js';
import type { RealtimeLog } from './log.js';
import { type Login, REFUSED } from './login.js';
import type { BrokerMeter } from './meter.js';
import type { Session } from './session.js';

/** What may wait for a client that does not read; beyond it the client is dropped. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** `$` topics are outside every filter a client may have. */
const DISCARDED = '$discarded';

interface Options {
  readonly sessions: ReadonlyMap<Client, Session>;
  readonly login: Login;
  readonly log: RealtimeLog;
  readonly meter: BrokerMeter;
  readonly connectMs: number;
  /** Brings retained messages up to date; the subscriber gets them when it has resolved. */
  readonly beforeSubscribing: () => Promise<void>;
}

/** What clients may do: log in, and read what is theirs to see. */
export function clientPolicy({
  sessions,
  login,
  log,
  meter,
  connectMs,
  beforeSubscribing,
}: Options): AedesOptions {
  return {
    connectTimeout: connectMs,
    // Without a limit no subscriber that stalls can hold up the others; what waits for it is bounded below.
    concurrency: 0,

    preConnect: (client, packet, done) => {
      const session = sessions.get(client);
      if (session !== undefined) {
        session.requestedId = packet.clientId;
        session.requestedClean = packet.clean ?? true;
      }
      // Nothing is kept for clients that are away, and nothing is published in their name.
      packet.clean = true;
      delete packet.will;
      done(null, true);
    },

    authenticate: (client, username, password, done) => {
      logIn(client, username ?? '', password?.toString('utf8') ?? '').then(
        (refusal) => done(refusal, refusal === null),
        (error: unknown) => {
          log.error({ err: error }, 'could not check a realtime login');
          done(refusalError(REFUSED.unavailable, 'the login could not be checked'), false);
        },
      );
    },

    authorizeSubscribe: (client, subscription, done) => {
      const session = sessions.get(client);
      const allowed = session?.subscribe(subscription.topic) ?? false;
      if (!allowed || !session?.followsStats) return done(null, allowed ? subscription : null);
      beforeSubscribing().then(
        () => done(null, subscription),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },

    authorizePublish: (client, packet, done) => {
      // An error would close the connection. Acknowledged and let go where nobody can listen.
      packet.topic = DISCARDED;
      packet.payload = '';
      packet.retain = false;
      if (client !== null) tellPublish(client);
      done(null);
    },

    authorizeForward: (client, packet) => {
      const session = sessions.get(client);
      if (session === undefined || !session.mayReceive(packet.topic)) return null;
      if (session.stream.writableLength <= MAX_BACKLOG_BYTES) {
        meter.sent(1);
        return packet;
      }
      dropSlow(session, client);
      return null;
    },
  };

  async function logIn(client: Client, storeId: string, key: string): Promise<AuthenticateError | null> {
    const session = sessions.get(client);
    if (session === undefined) return refusalError(REFUSED.unavailable, 'the connection was closed');
    const refusal = await login.admit(session, client.id, storeId, key);
    if (refusal === null) return null;
    meter.lost('refused');
    const who = { address: session.address, clientId: loggable(client.id), storeId: loggable(storeId) };
    log.warn(who, `refused a realtime login: ${refusal.why}`);
    return refusalError(refusal.code, refusal.why);
  }

  function tellPublish(client: Client): void {
    const session = sessions.get(client);
    if (session === undefined || session.toldPublish) return;
    session.toldPublish = true;
    log.warn({ clientId: loggable(client.id) }, 'a realtime client publishes: its messages are discarded');
  }

  function dropSlow(session: Session, client: Client): void {
    if (session.stream.destroyed) return;
    meter.lost('slow');
    const waitingBytes = session.stream.writableLength;
    log.warn(
      { clientId: loggable(client.id), address: session.address, waitingBytes },
      'dropped a realtime client that does not read',
    );
    session.stream.destroy();
  }
}

function refusalError(returnCode: number, why: string): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}
