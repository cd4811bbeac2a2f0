/** Puts a state into words. */
export type StateText = () => string;

/** So many topics are remembered as to be emptied; a farm does not remove more printers while a broker is away. */
const MOST_CLEARED = 10_000;

/**
 * What stands on retained topics of a broker: of each the newest, and which of them it has not been told yet. However
 * long it is away, there is one text for each topic.
 */
export class NewestStates {
  private readonly texts = new Map<string, StateText>();
  private readonly due = new Set<string>();
  /** Topics that are to be empty. */
  private readonly cleared = new Set<string>();
  /** States that were replaced, or topics that were forgotten, before the broker was told. */
  dropped = 0;

  /** Topics that the broker has not been told of yet. */
  get waiting(): number {
    return this.due.size + this.cleared.size;
  }

  has(topic: string): boolean {
    return this.texts.has(topic);
  }

  set(topic: string, text: StateText): void {
    this.cleared.delete(topic);
    this.texts.set(topic, text);
    if (this.due.has(topic)) this.dropped += 1;
    this.due.add(topic);
  }

  clear(topic: string): void {
    this.texts.delete(topic);
    this.due.delete(topic);
    if (this.cleared.size >= MOST_CLEARED && !this.cleared.has(topic)) {
      for (const oldest of this.cleared) {
        this.cleared.delete(oldest);
        this.dropped += 1;
        break;
      }
    }
    this.cleared.add(topic);
  }

  /** Takes a topic that the broker is to be told of, the one that has waited longest first. */
  take(): { readonly topic: string; readonly text: StateText } | null {
    for (const topic of this.due) {
      this.due.delete(topic);
      const text = this.texts.get(topic);
      if (text !== undefined) return { topic, text };
    }
    return null;
  }

  /** Takes a topic that the broker is to empty. */
  takeCleared(): string | null {
    for (const topic of this.cleared) {
      this.cleared.delete(topic);
      return topic;
    }
    return null;
  }

  /** The broker may not have emptied the topic. */
  notCleared(topic: string): void {
    if (!this.texts.has(topic)) this.cleared.add(topic);
  }

  /** The broker may have forgotten everything. */
  allDue(): void {
    for (const topic of this.texts.keys()) this.due.add(topic);
  }
}
