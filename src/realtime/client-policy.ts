import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import type { CalmLog } from './calm-log.js';
import { loggable } from './client-id.js';
import { isWild } from './filters.js';
import type { RealtimeLog } from './log.js';
import { type Login, REFUSED } from './login.js';
import type { BrokerMeter } from './meter.js';
import type { Session } from './session.js';

/** Of what a client may send; packets cost 1 each. */
const WILDCARD_COST = 50;

/** `$` topics are outside every filter a client may have. */
const DISCARDED = '$discarded';

interface Options {
  readonly sessions: ReadonlyMap<Client, Session>;
  readonly login: Login;
  readonly log: RealtimeLog;
  readonly calmLog: CalmLog;
  readonly meter: BrokerMeter;
  readonly connectMs: number;
  readonly onFlood: (session: Session) => void;
}

/** What clients may do: log in, and read what is theirs to see. */
export function clientPolicy(options: Options): AedesOptions {
  const { sessions, login, log, calmLog, meter, connectMs, onFlood } = options;
  return {
    connectTimeout: connectMs,
    // Messages do not go this way: see Delivery.
    concurrency: 0,
    authorizeForward: () => null,

    preConnect: (client, packet, done) => {
      const session = sessions.get(client);
      if (session !== undefined) {
        session.requestedId = packet.clientId;
        session.requestedClean = packet.clean ?? true;
      }
      // Nothing is kept for clients that are away, and nothing is published in their name.
      packet.clean = true;
      delete packet.will;
      waitForLogin(client);
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

    authorizeSubscribe: (client, { topic, qos, ...rest }, done) => {
      const session = sessions.get(client);
      if (session === undefined) return done(null, null);
      // All states that stand below a wildcard are told anew each time.
      if (isWild(topic) && !session.allowance.take(WILDCARD_COST)) onFlood(session);
      done(null, session.subscribe(topic, qos) ? { topic, qos, ...rest } : null);
    },

    authorizePublish: (client, packet, done) => {
      // An error would close the connection. Acknowledged and let go where nobody can listen.
      packet.topic = DISCARDED;
      packet.payload = '';
      packet.retain = false;
      if (client !== null) tellPublish(client);
      done(null);
    },
  };

  async function logIn(client: Client, storeId: string, key: string): Promise<AuthenticateError | null> {
    const session = sessions.get(client);
    if (session === undefined) return refusalError(REFUSED.unavailable, 'the connection was closed');
    const refusal = await login.admit(session, client.id, storeId, key);
    if (refusal === null) return null;
    meter.lost('refused');
    const who = { address: session.address, clientId: loggable(client.id), storeId: loggable(storeId) };
    calmLog.warn(who, `refused a realtime login: ${refusal.why}`);
    return refusalError(refusal.code, refusal.why);
  }

  function tellPublish(client: Client): void {
    const session = sessions.get(client);
    if (session === undefined || session.toldPublish) return;
    session.toldPublish = true;
    const who = { address: session.address, clientId: loggable(client.id) };
    calmLog.warn(who, 'a realtime client publishes: its messages are discarded');
  }
}

/**
 * What comes behind CONNECT stays unread until the login is done: clients need not wait for the answer (MQTT 3.1.1, 3.1.4).
 * The library itself begins to wait a turn later, and goes on when it has answered.
 */
function waitForLogin(client: Client): void {
  if ('pause' in client && typeof client.pause === 'function') client.pause();
}

function refusalError(returnCode: number, why: string): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}
