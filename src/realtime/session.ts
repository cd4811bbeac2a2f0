import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { RealtimeCaller } from './client-id.js';
import { Filters, matches } from './filters.js';
import type { Outgoing } from './outgoing.js';
import type { TokenBucket } from './token-bucket.js';
import { entitiesTopic, entityTypeAlias, readTopic, type TopicSubject } from './topics.js';

/** Stands for what every caller of a store may see. */
export const ANYBODY = 'anybody';
/** The permission that seeing entities of a type needs, or ANYBODY; null for types that do not exist. */
export type ViewPermission = (entityType: string) => string | null;

/** What clients may see beyond their own permissions' names. */
export interface SessionRules {
  readonly viewPermission: ViewPermission;
  /** Branches beside the stores' that everybody may read who may see printers' states. */
  readonly publicPrefixes: readonly string[];
}

export const STATS_PERMISSION = 'printer.stats';

/** More than any farm has printers. */
const MAX_SUBSCRIPTIONS = 2_048;
/** Longer than any topic here. */
const MAX_FILTER_CHARACTERS = 1_024;

/** One connection to the broker, from its first byte to its last. */
export class Session {
  /** As the client asked, before the broker names clients that gave no id. */
  requestedId = '';
  requestedClean = true;
  /** Null until the login has succeeded. */
  caller: RealtimeCaller | null = null;
  /** What proves that two logins are one client's. */
  credential = '';
  /** The client's older session, which ends when this one begins. */
  replaces: Session | null = null;
  /** Whether it was told in the log that this client's messages are refused. */
  toldPublish = false;
  readonly outgoing: Outgoing;
  private readonly filters = new Filters();
  /** Those of printers' states and what lies beside the stores: all that they take in the caller may see. */
  private readonly stateFilters = new Filters();

  constructor(
    readonly stream: Duplex,
    readonly address: string,
    /** What it may still send. */
    readonly allowance: TokenBucket,
    private readonly rules: SessionRules,
    outgoing: (session: Session) => Outgoing,
  ) {
    this.outgoing = outgoing(this);
  }

  logIn(caller: RealtimeCaller, key: string): void {
    this.caller = caller;
    this.credential = credentialOf(caller, key);
  }

  /** @returns false when the filter is not the caller's to read. */
  subscribe(filter: string, qos: number): boolean {
    if (filter.length > MAX_FILTER_CHARACTERS) return false;
    const known = this.filters.has(filter) || this.stateFilters.has(filter);
    if (this.filters.size + this.stateFilters.size >= MAX_SUBSCRIPTIONS && !known) return false;
    const subject = this.read(filter);
    if (subject === null) return false;
    // All types may be asked for by anybody of the store: what is delivered is looked at message by message.
    const allowed =
      subject.kind === 'entities'
        ? subject.type === null || this.sees(subject.type)
        : this.has(STATS_PERMISSION);
    if (allowed) (subject.kind === 'entities' ? this.filters : this.stateFilters).set(filter, qos);
    return allowed;
  }

  unsubscribe(filter: string): void {
    this.filters.delete(filter);
    this.stateFilters.delete(filter);
  }

  /** The QoS with which it is to get what is published on a topic; null when it did not ask or may not see it. */
  qosOf(topic: string, levels?: readonly string[]): number | null {
    const state = this.stateFilters.qosOf(topic, levels);
    if (state !== null || this.filters.size === 0) return state;
    // All types of entities can be asked for at once by who may see only some.
    const entity = this.filters.qosOf(topic, levels);
    return entity !== null && this.mayReceive(topic) ? entity : null;
  }

  /** It looks at entities of a type. */
  followsEntities(type: string): boolean {
    const { caller } = this;
    if (caller === null) return false;
    return [type, entityTypeAlias(type)].some(
      (name) => this.filters.qosOf(entitiesTopic(caller.storeId, name)) !== null,
    );
  }

  /** Tells the topics that these filters ask for, and the client may see. */
  matcher(filters: readonly string[]): (topic: string) => boolean {
    const asked = filters.map((filter) => filter.split('/'));
    return (topic) => {
      const levels = topic.split('/');
      return asked.some((filter) => matches(filter, levels)) && this.mayReceive(topic);
    };
  }

  private mayReceive(topic: string): boolean {
    const subject = this.read(topic);
    if (subject === null) return false;
    return subject.kind === 'entities'
      ? subject.type !== null && this.sees(subject.type)
      : this.has(STATS_PERMISSION);
  }

  private read(filter: string): TopicSubject | null {
    return this.caller === null ? null : readTopic(filter, this.caller.storeId, this.rules.publicPrefixes);
  }

  private sees(entityType: string): boolean {
    const permission = this.rules.viewPermission(entityType);
    return permission !== null && (permission === ANYBODY || this.has(permission));
  }

  private has(permission: string): boolean {
    return this.caller?.permissions.has(permission) ?? false;
  }
}

/** The key's id; for a person's session, which has none, a digest of what it logged in with. */
export function credentialOf(caller: RealtimeCaller, key: string): string {
  const proof = caller.keyId ?? createHash('sha256').update(key).digest('hex');
  return `${caller.storeId}/${proof}`;
}
