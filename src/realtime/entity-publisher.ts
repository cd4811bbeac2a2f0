import type { EntityBatch } from '../domain/entity-events.js';
import type { Presenter } from '../resources/resource.js';
import { type EntityMessages, messagesOf } from './entity-message.js';
import type { RealtimeLog } from './log.js';
import { entitiesTopic, entityTypeAlias } from './topics.js';

/** Somebody who is to hear of every change: the broker's own clients, a broker elsewhere. */
export interface EntityConsumer {
  /** What its cursor is kept under; the same from start to start. */
  readonly name: string;
  /**
   * Whether anybody there wants changes of a type; everything when left out. What nobody wants counts as delivered and
   * is never put into words.
   */
  wants?(entityType: string): boolean;
  /**
   * Resolves when the message is safe there; the next follows then. While it cannot be reached this simply takes long.
   * Rejects where the same message is to be tried again a second later.
   */
  deliver(topic: string, payload: string): Promise<void>;
}

/** What was committed, kept until everybody has it. */
export interface EntityLog {
  /** Of the newest transaction with something to tell; 0 before the first. */
  readonly head: number;
  /** Names all who follow. @returns up to which sequence each had everything when it last followed */
  open(followers: readonly EntityConsumer[]): Promise<readonly number[]>;
  /** What was committed after it, oldest first: a part of it, and nothing only where there is nothing. */
  after(sequence: number): Promise<readonly EntityBatch[]>;
  /** It has everything up to there. */
  passed(name: string, sequence: number): void;
  /** @returns how to stop listening */
  onCommit(listener: () => void): () => void;
}

export interface EntityPublisherOptions {
  readonly log: RealtimeLog;
  readonly changes: EntityLog;
  readonly presenter: Presenter;
  /** Also publish under `print-jobs` what is published under `printJobs`. */
  readonly topicAliases: boolean;
  /** Milliseconds between two attempts; 1,000 unless given. */
  readonly retryMs?: number;
  /** Milliseconds that consumers have at `stop` to take what was committed; 500 unless given. */
  readonly drainMs?: number;
}

const RETRY_MS = 1_000;

interface Running {
  readonly ended: Promise<unknown>;
  readonly leave: () => void;
  readonly ending: AbortController;
  readonly end: AbortController;
}

interface Entered {
  readonly consumer: EntityConsumer;
  readonly pendingAfterMs: number;
}

/** Tells each consumer of every change in commit order, one message at a time, from where it stood. */
export class EntityPublisher {
  private readonly consumers: Entered[] = [];
  private running: Running | null = null;
  /** By batch, as long as somebody has not passed it. */
  private readonly messages = new WeakMap<EntityBatch, EntityMessages[]>();
  /** Consumers that have everything, by how to go on. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: EntityPublisherOptions) {}

  /**
   * Before `start`. What is pending from an earlier run is told after `pendingAfterMs`, when clients have had the time
   * to come back; what is new waits behind it.
   */
  add(consumer: EntityConsumer, { pendingAfterMs = 0 }: { readonly pendingAfterMs?: number } = {}): void {
    this.consumers.push({ consumer, pendingAfterMs });
  }

  async start(): Promise<void> {
    if (this.running !== null) return;
    const { changes } = this.options;
    const cursors = await changes.open(this.consumers.map(({ consumer }) => consumer));
    const leave = changes.onCommit(() => this.wake());
    const [ending, end] = [new AbortController(), new AbortController()];
    const runs = this.consumers.map((one, at) => this.run(one, cursors[at] ?? 0, ending.signal, end.signal));
    this.running = { ended: Promise.all(runs), leave, ending, end };
  }

  /** What was committed is handed over to whoever takes it at once; the rest is told after the next start. */
  async stop(): Promise<void> {
    const { running } = this;
    if (running === null) return;
    this.running = null;
    running.ending.abort();
    const timer = setTimeout(() => running.end.abort(), this.options.drainMs ?? 500);
    await running.ended;
    clearTimeout(timer);
    running.leave();
  }

  private wake(): void {
    for (const resume of [...this.waiting]) resume();
  }

  /**
   * @param ending nothing is waited for any more: what has been committed is told, and that is all
   * @param end not even that
   */
  private async run(
    { consumer, pendingAfterMs }: Entered,
    cursor: number,
    ending: AbortSignal,
    end: AbortSignal,
  ): Promise<void> {
    const { changes, log, retryMs = RETRY_MS } = this.options;
    let at = cursor;
    if (at < changes.head && pendingAfterMs > 0) {
      await rest(pendingAfterMs, ending);
      if (ending.aborted) return;
    }
    while (!end.aborted) {
      try {
        const { head } = changes;
        const batches = await changes.after(at);
        for (const batch of batches) {
          if (!(await this.tell(consumer, batch, ending, end))) return;
          at = batch.sequence;
          changes.passed(consumer.name, at);
        }
        if (batches.length > 0) continue;
        // What is not there any more is behind it.
        if (at < head) changes.passed(consumer.name, head);
        at = Math.max(at, head);
        if (ending.aborted) return;
        if (at >= changes.head) await this.untilCommit(ending);
      } catch (error) {
        log.error({ err: error, consumer: consumer.name }, 'could not read what changed');
        await rest(retryMs, ending);
        if (ending.aborted) return;
      }
    }
  }

  /** @returns false when it was stopped before everything was safe */
  private async tell(
    consumer: EntityConsumer,
    batch: EntityBatch,
    ending: AbortSignal,
    end: AbortSignal,
  ): Promise<boolean> {
    const { log, retryMs = RETRY_MS } = this.options;
    for (const { topic, text } of this.said(consumer, batch)) {
      for (let safe = false; !safe; ) {
        try {
          if (end.aborted || !(await unless(end, consumer.deliver(topic, text)))) return false;
          safe = true;
        } catch (error) {
          log.warn({ err: error, consumer: consumer.name, topic }, 'could not tell of a change');
          await rest(retryMs, ending);
          if (ending.aborted) return false;
        }
      }
    }
    return true;
  }

  /** Put into words one by one, as they are asked for. */
  private *said(consumer: EntityConsumer, batch: EntityBatch): Generator<{ topic: string; text: string }> {
    for (const messages of this.messagesOf(batch)) {
      if (consumer.wants?.(messages.type) === false) continue;
      const topics = this.topics(batch.storeId, messages.type);
      let place = 0;
      for (let text = messages.text(place); text !== null; text = messages.text(place)) {
        for (const topic of topics) yield { topic, text };
        place++;
      }
    }
  }

  private messagesOf(batch: EntityBatch): readonly EntityMessages[] {
    const known = this.messages.get(batch);
    if (known) return known;
    const made = messagesOf(batch, this.options.presenter);
    this.messages.set(batch, made);
    return made;
  }

  private topics(storeId: string, type: string): readonly string[] {
    const names = this.options.topicAliases ? new Set([type, entityTypeAlias(type)]) : [type];
    return [...names].map((name) => entitiesTopic(storeId, name));
  }

  private untilCommit(ending: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.waiting.delete(go);
        ending.removeEventListener('abort', go);
        resolve();
      };
      this.waiting.add(go);
      ending.addEventListener('abort', go);
    });
  }
}

/** Ends early, and without an error, when it is no longer waited for. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, signal.aborted ? 0 : ms);
    signal.addEventListener('abort', end);
  });
}

/** @returns whether it was done before the end came */
function unless(end: AbortSignal, done: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(false);
    end.addEventListener('abort', stop);
    done.then(() => resolve(true), reject).finally(() => end.removeEventListener('abort', stop));
  });
}
