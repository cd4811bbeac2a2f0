import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { RealtimeCaller } from './client-id.js';
import { entityTypeAlias, readTopic, type TopicSubject } from './topics.js';

/** The permission that seeing entities of a type needs; null for types that do not exist. */
export type ViewPermission = (entityType: string) => string | null;

export const STATS_PERMISSION = 'printer.stats';

/** More than any farm has printers. */
const MAX_SUBSCRIPTIONS = 2_048;

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
  private readonly filters = new Set<string>();
  private readonly statsFilters = new Set<string>();
  /** What types of entities each filter asks for; null for all. */
  private readonly entityFilters = new Map<string, string | null>();

  constructor(
    readonly stream: Duplex,
    readonly address: string,
    private readonly viewPermission: ViewPermission,
    private readonly publicPrefixes: readonly string[] = [],
  ) {}

  logIn(caller: RealtimeCaller, key: string): void {
    this.caller = caller;
    this.credential = credentialOf(caller, key);
  }

  /** @returns false when the filter is not the caller's to read. */
  subscribe(filter: string): boolean {
    if (this.filters.size >= MAX_SUBSCRIPTIONS && !this.filters.has(filter)) return false;
    const subject = this.read(filter);
    if (subject === null) return false;
    // All types may be asked for by anybody of the store: what is delivered is looked at message by message.
    const allowed =
      subject.kind === 'entities'
        ? subject.type === null || this.sees(subject.type)
        : this.has(STATS_PERMISSION);
    if (allowed) this.filters.add(filter);
    if (allowed && subject.kind === 'stats') this.statsFilters.add(filter);
    if (allowed && subject.kind === 'entities') this.entityFilters.set(filter, subject.type);
    return allowed;
  }

  unsubscribe(filter: string): void {
    this.filters.delete(filter);
    this.statsFilters.delete(filter);
    this.entityFilters.delete(filter);
  }

  /** Somebody looks at printers' states. */
  get followsStats(): boolean {
    return this.statsFilters.size > 0;
  }

  /** Somebody looks at entities of a type. */
  followsEntities(type: string): boolean {
    for (const asked of this.entityFilters.values()) {
      if (asked === null || asked === type || asked === entityTypeAlias(type)) return true;
    }
    return false;
  }

  mayReceive(topic: string): boolean {
    const subject = this.read(topic);
    if (subject === null) return false;
    return subject.kind === 'entities'
      ? subject.type !== null && this.sees(subject.type)
      : this.has(STATS_PERMISSION);
  }

  private read(filter: string): TopicSubject | null {
    return this.caller === null ? null : readTopic(filter, this.caller.storeId, this.publicPrefixes);
  }

  private sees(entityType: string): boolean {
    const permission = this.viewPermission(entityType);
    return permission !== null && this.has(permission);
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
