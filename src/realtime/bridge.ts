import { setTimeout as rest } from 'node:timers/promises';
import { BridgeConnection, type BridgeLogin } from './bridge-connection.js';
import { BridgeError, describeBridgeError } from './bridge-error.js';
import { type BridgeStatus, BridgeStory } from './bridge-story.js';
import { placeOf } from './bridge-stream.js';
import { BRIDGE_TIMING, type BridgeTiming, delayMs } from './bridge-timing.js';
import type { EntityConsumer } from './entity-publisher.js';
import type { DiscoveryOutlet } from './home-assistant-publisher.js';
import { findLeftovers } from './leftovers.js';
import type { RealtimeLog } from './log.js';
import { NewestStates, type StateText } from './newest-states.js';
import type { StatsSink } from './sink.js';
import { statsTopic, statusTopic } from './topics.js';

export interface BridgeOptions {
  readonly login: Omit<BridgeLogin, 'clientId'> & { readonly clientId: string | null };
  readonly storeId: string;
  /** Levels in front of the store's topics; null none. */
  readonly topicPrefix: string | null;
  /** Filters of topics that nobody but this daemon writes: what stands there and is not ours any more is emptied. */
  readonly ownTopics?: readonly string[];
  /** From 0 to 1. */
  readonly random: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: RealtimeLog;
  readonly timing?: Partial<BridgeTiming>;
}

const GOODBYE_MS = 1_500;
/** Brokers have bounds of their own, and cut the connection over what is larger; other messages do not come near them. */
const LARGE_BYTES = 128 * 1024;
const LARGE_TRIES = 5;

/**
 * Publishes on an external broker what clients of the own one see. Retained states are kept as the newest of each topic
 * while it is away or slow; entity events wait in the order in which they come, each until it is acknowledged. Whatever
 * happens there touches nobody here.
 */
export class Bridge implements EntityConsumer {
  /** As whom it keeps its place among the entity events. */
  readonly name = 'bridge';
  /** For the store's topics. */
  readonly store: StatsSink;
  /** For announcements to Home Assistant, whose topics stand as they are. */
  readonly outlet: DiscoveryOutlet;
  /** Where it says whether the daemon is there: `online` or `offline`, retained. */
  readonly statusTopic: string;
  private readonly timing: BridgeTiming;
  private readonly login: BridgeLogin;
  private readonly states = new NewestStates();
  private readonly story: BridgeStory;
  private readonly waiting = new Set<(connection: BridgeConnection | null) => void>();
  private connection: BridgeConnection | null = null;
  private end: AbortController | null = null;
  private running: Promise<void> = Promise.resolve();
  private since: number;
  private problem: string | null = 'it was not reached yet';
  private undelivered = 0;
  private swept = false;
  private stopped = false;
  private emptying = false;

  constructor(private readonly options: BridgeOptions) {
    const { login, storeId, log } = options;
    this.timing = { ...BRIDGE_TIMING, ...options.timing };
    this.login = { ...login, clientId: login.clientId ?? `printfarmd_${storeId}` };
    this.story = new BridgeStory(log, placeOf(login.url));
    this.since = options.now();
    this.statusTopic = this.prefixed(statusTopic(storeId));
    const topic = (storeTopic: string) => this.prefixed(storeTopic);
    this.store = this.sink(topic);
    this.outlet = { sink: this.sink((as) => as), topic, statusTopic: this.statusTopic };
  }

  get status(): BridgeStatus {
    return {
      connected: this.connection !== null,
      since: this.since,
      buffered: this.states.waiting + this.undelivered,
      dropped: this.states.dropped,
      problem: this.problem,
    };
  }

  /** Begins to connect; waits for nothing. */
  start(): void {
    if (this.end !== null) return;
    const end = new AbortController();
    this.end = end;
    this.stopped = false;
    this.running = this.run(end.signal);
  }

  /** Says that the daemon goes. Events that are not acknowledged yet are refused. */
  async stop(): Promise<void> {
    const { connection, end } = this;
    this.stopped = true;
    this.end = null;
    if (end !== null) await this.leave(connection, end);
    for (const go of [...this.waiting]) go(null);
  }

  private async leave(connection: BridgeConnection | null, end: AbortController): Promise<void> {
    if (connection !== null) {
      const said = connection.confirm(this.statusTopic, 'offline', true).then(
        () => true,
        () => false,
      );
      const heard = await Promise.race([said, rest(GOODBYE_MS, false, { signal: end.signal })]);
      end.abort();
      // The last will says it to a broker that did not hear it.
      if (heard) await connection.close(GOODBYE_MS);
      else connection.giveUp(new BridgeError('silent', 'it is not wanted any more'));
    }
    end.abort();
    await this.running;
  }

  /**
   * Publishes an entity event at QoS 1. Resolves when the broker has it, however long it is away. A single large one
   * that ends one connection after another is given up with an error in the log, for all others wait behind it.
   *
   * @throws BridgeError when the bridge stops first
   */
  async deliver(topic: string, payload: string): Promise<void> {
    this.undelivered += 1;
    const bytes = Buffer.byteLength(payload);
    try {
      for (let tries = 1; ; tries++) {
        const connection = this.connection ?? (await this.nextConnection());
        if (connection === null) throw new BridgeError('lost', 'the bridge was stopped');
        const done = await connection.confirm(this.prefixed(topic), payload, false).then(
          () => true,
          () => false,
        );
        if (done) return;
        // What failed is on its way out.
        await connection.closed;
        if (bytes <= LARGE_BYTES || tries < LARGE_TRIES) continue;
        this.options.log.error(
          { topic, bytes },
          'gave up a change that the external broker does not take: too large?',
        );
        return;
      }
    } finally {
      this.undelivered -= 1;
    }
  }

  private nextConnection(): Promise<BridgeConnection | null> {
    if (this.stopped) return Promise.resolve(null);
    return new Promise((resolve) => {
      const go = (connection: BridgeConnection | null) => {
        this.waiting.delete(go);
        resolve(connection);
      };
      this.waiting.add(go);
    });
  }

  private prefixed(topic: string): string {
    const { topicPrefix } = this.options;
    return topicPrefix === null ? topic : `${topicPrefix}/${topic}`;
  }

  private sink(topicOf: (topic: string) => string): StatsSink {
    return {
      publishState: (topic, text) => this.set(topicOf(topic), text),
      publish: (topic, payload) => {
        if (payload === '') this.clear(topicOf(topic));
        else this.set(topicOf(topic), () => payload);
      },
    };
  }

  private set(topic: string, text: StateText): void {
    this.states.set(topic, text);
    this.pump();
  }

  private clear(topic: string): void {
    this.states.clear(topic);
    void this.empty();
  }

  /** Empties topics one after another, each until it is acknowledged. */
  private async empty(): Promise<void> {
    const { connection, states } = this;
    if (connection === null || this.emptying) return;
    this.emptying = true;
    for (let topic = states.takeCleared(); topic !== null; topic = states.takeCleared()) {
      try {
        await connection.confirm(topic, '', true);
      } catch {
        // The connection has ended; the next one empties it.
        states.notCleared(topic);
        break;
      }
    }
    this.emptying = false;
  }

  /** Sends states while the broker takes them; the next ones replace them meanwhile. */
  private pump(): void {
    const { connection, states } = this;
    while (connection !== null && !connection.isFull) {
      const next = states.take();
      if (next === null) return;
      try {
        connection.send(next.topic, next.text());
      } catch (error) {
        this.options.log.error({ err: error, topic: next.topic }, 'could not publish a state');
      }
    }
  }

  private async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { error, settled } = await this.attempt(signal);
      if (signal.aborted) return;
      this.note(error.message);
      failures = settled ? 1 : failures + 1;
      await rest(delayMs(failures, error, this.timing, this.options.random()), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  /** One connection, from the first packet to its end. */
  private async attempt(signal: AbortSignal): Promise<{ error: BridgeError; settled: boolean }> {
    const { login, timing } = this;
    const will = { topic: this.statusTopic, payload: 'offline' };
    let settled = false;
    let timer: NodeJS.Timeout | null = null;
    try {
      const connection = await BridgeConnection.open(login, will, timing, signal);
      if (signal.aborted) connection.giveUp(new BridgeError('lost', 'it is not wanted any more'));
      timer = setTimeout(() => {
        settled = true;
        this.story.settled();
      }, timing.settledMs);
      this.take(connection, signal);
      const error = await connection.closed;
      if (!signal.aborted) this.story.ended(error, !settled);
      return { error, settled };
    } catch (thrown) {
      const error = describeBridgeError(thrown, placeOf(login.url));
      if (!signal.aborted) this.story.ended(error, false);
      return { error, settled };
    } finally {
      if (timer !== null) clearTimeout(timer);
      this.connection = null;
    }
  }

  private take(connection: BridgeConnection, signal: AbortSignal): void {
    const { states } = this;
    this.connection = connection;
    this.note(null);
    this.story.opened();
    connection.onRoom(() => this.pump());
    // Not acknowledged, the connection ends, and it is said again on the next.
    connection.confirm(this.statusTopic, 'online', true).catch(() => undefined);
    void this.empty();
    states.allDue();
    this.pump();
    for (const go of [...this.waiting]) go(connection);
    if (!this.swept) {
      this.sweep(connection, signal).catch((error: unknown) =>
        this.options.log.error({ err: error }, 'could not look at what stands on the external broker'),
      );
    }
  }

  /** Empties what an earlier run of the daemon left there, of printers that went while it was down. */
  private async sweep(connection: BridgeConnection, signal: AbortSignal): Promise<void> {
    const { log, storeId, ownTopics = [] } = this.options;
    const filters = [this.prefixed(statsTopic(storeId, '+')), ...ownTopics];
    const see = {
      isKnown: (topic: string) => this.states.has(topic),
      onLeftover: (topic: string) => this.clear(topic),
    };
    const looked = await findLeftovers(connection, filters, see, this.timing.sweepMs, signal);
    if (looked === true) this.swept = true;
    else if (looked === null) log.debug({}, 'the external broker does not show what stands there');
  }

  private note(problem: string | null): void {
    if ((problem === null) !== (this.problem === null)) this.since = this.options.now();
    this.problem = problem;
  }
}
