import type { Duplex } from 'node:stream';
import type { MqttClient } from 'mqtt';
import { BridgeError, describeBridgeError, describeRefusal } from './bridge-error.js';
import { type BridgeAddress, placeOf, reachBroker } from './bridge-stream.js';

export interface BridgeLogin extends BridgeAddress {
  readonly username: string | null;
  readonly password: string | null;
  readonly clientId: string;
}

export interface ConnectionTiming {
  /** From the first packet to CONNACK. */
  readonly connectMs: number;
  /** Until a message is acknowledged. */
  readonly acknowledgeMs: number;
  readonly keepaliveSeconds: number;
}

/** What the broker tells everybody when this connection ends without a word. */
export interface LastWill {
  readonly topic: string;
  readonly payload: string;
}

export interface Heard {
  readonly topic: string;
  readonly empty: boolean;
  readonly retained: boolean;
}

/**
 * One connection to an external broker, used once: MQTT 3.1.1, clean session. What is queued beyond the socket's own
 * buffer is nobody's here: `isFull` says when to wait, `confirm` when the broker has a message.
 */
export class BridgeConnection {
  private readonly unacknowledged = new Set<(error: BridgeError) => void>();
  private reason: BridgeError | null = null;
  private ended = false;

  /** Resolves when the connection has ended, with the reason. */
  readonly closed: Promise<BridgeError>;

  private constructor(
    private readonly place: string,
    private readonly stream: Duplex,
    private readonly client: MqttClient,
    private readonly timing: ConnectionTiming,
  ) {
    client.on('error', (error) => {
      // After what it cannot read, the library would read nothing more.
      this.giveUp(
        /keepalive/i.test(error.message)
          ? new BridgeError('silent', `${place} does not answer any more`)
          : describeBridgeError(error, place),
      );
    });
    this.closed = new Promise((resolve) => {
      const end = () => {
        if (this.ended) return;
        this.ended = true;
        const error = this.reason ?? new BridgeError('lost', `${place} closed the connection`);
        for (const fail of [...this.unacknowledged]) fail(error);
        client.end(true);
        stream.destroy();
        resolve(error);
      };
      if (stream.destroyed) end();
      else stream.once('close', end);
    });
  }

  /** @throws BridgeError */
  static async open(
    login: BridgeLogin,
    will: LastWill,
    timing: ConnectionTiming,
    signal: AbortSignal,
  ): Promise<BridgeConnection> {
    const place = placeOf(login.url);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timing.connectMs)]);
    const stream = await reachBroker(login, limit);
    const client = await startClient(stream, login, will, timing);
    try {
      await greeted(client, stream, place, limit);
    } catch (error) {
      client.end(true);
      stream.destroy();
      throw error;
    }
    return new BridgeConnection(place, stream, client, timing);
  }

  /** The broker takes no more at present; `onRoom` tells when it does again. */
  get isFull(): boolean {
    return this.ended || this.stream.writableNeedDrain;
  }

  onRoom(listener: () => void): void {
    this.stream.on('drain', listener);
  }

  /** Sends a retained message at QoS 0: it is gone if the connection ends now. */
  send(topic: string, payload: string): void {
    if (!this.ended) this.client.publish(topic, payload, { qos: 0, retain: true });
  }

  /**
   * Sends a message at QoS 1 and waits until the broker has it. A broker that does not acknowledge in time loses the
   * connection, so that nothing piles up behind it.
   *
   * @throws BridgeError
   */
  confirm(topic: string, payload: string, retain: boolean): Promise<void> {
    if (this.ended) return Promise.reject(new BridgeError('lost', `${this.place} is not connected`));
    return new Promise((resolve, reject) => {
      const settle = (error: BridgeError | null) => {
        clearTimeout(timer);
        this.unacknowledged.delete(settle);
        if (error === null) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => {
        this.giveUp(new BridgeError('silent', `${this.place} does not acknowledge messages`));
      }, this.timing.acknowledgeMs);
      this.unacknowledged.add(settle);
      this.client.publish(topic, payload, { qos: 1, retain }, (error) => {
        if (!error) settle(null);
        else this.giveUp(new BridgeError('lost', `${this.place} closed the connection`));
      });
    });
  }

  /**
   * Hears what stands on topics of the broker.
   *
   * @returns how to stop; null when the broker does not allow it
   */
  async listen(filters: string[], onMessage: (heard: Heard) => void): Promise<(() => void) | null> {
    const { client } = this;
    client.on('message', (topic, payload, { retain }) => {
      onMessage({ topic, empty: payload.length === 0, retained: retain });
    });
    const allowed = await new Promise<boolean>((resolve) => {
      void this.closed.then(() => resolve(false));
      client.subscribe(filters, { qos: 0 }, (error) => resolve(!error));
    });
    if (!allowed) return null;
    return () => {
      client.removeAllListeners('message');
      if (!this.ended) client.unsubscribe(filters, () => {});
    };
  }

  giveUp(reason: BridgeError): void {
    this.reason ??= reason;
    this.stream.destroy();
  }

  /** Says goodbye, so that the broker does not tell of the last will. Resolves within that time. */
  async close(withinMs: number): Promise<void> {
    this.reason ??= new BridgeError('lost', 'it is not wanted any more');
    const timer = setTimeout(() => this.stream.destroy(), withinMs);
    if (!this.ended) this.client.end();
    await this.closed;
    clearTimeout(timer);
  }
}

async function startClient(
  stream: Duplex,
  { username, password, clientId }: BridgeLogin,
  will: LastWill,
  { connectMs, keepaliveSeconds }: ConnectionTiming,
): Promise<MqttClient> {
  const { MqttClient } = await import('mqtt');
  return new MqttClient(() => stream, {
    protocolVersion: 4,
    clean: true,
    clientId,
    ...(username === null ? {} : { username }),
    ...(username === null || password === null ? {} : { password }),
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    keepalive: keepaliveSeconds,
    // What is sent says nothing of what is heard: a broker that has gone must show also while much is sent to it.
    reschedulePings: false,
    // Longer than our own wait, which ends first and knows better what to say.
    connectTimeout: 2 * connectMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The library's own debug log would show the password.
    log: () => {},
  });
}

function greeted(client: MqttClient, stream: Duplex, place: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: BridgeError | null) => {
      signal.removeEventListener('abort', onAbort);
      client.off('error', onError);
      client.off('connect', onConnect);
      stream.off('close', onClose);
      // Without a listener a late error would end the process.
      client.on('error', () => {});
      if (error === null) resolve();
      else reject(error);
    };
    const onConnect = () => settle(null);
    const onError = (error: Error) => {
      const code = 'code' in error ? error.code : null;
      if (typeof code === 'number') settle(describeRefusal(code, place));
      else if (code !== null) settle(describeBridgeError(error, place));
      else settle(new BridgeError('refused', `${place} answers, but not as an MQTT broker`));
    };
    const onClose = () =>
      settle(new BridgeError('refused', `${place} closed the connection instead of answering`));
    const onAbort = () =>
      settle(new BridgeError('unreachable', `${place} is reachable, but does not answer as an MQTT broker`));
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('error', onError);
    client.once('connect', onConnect);
    stream.once('close', onClose);
    if (signal.aborted) onAbort();
    else if (stream.destroyed) onClose();
  });
}
