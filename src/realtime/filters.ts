/** The subscriptions of one client: filters and the QoS asked for. */
export class Filters {
  private readonly exact = new Map<string, number>();
  private readonly wild = new Map<string, { readonly levels: readonly string[]; readonly qos: number }>();

  get size(): number {
    return this.exact.size + this.wild.size;
  }

  has(filter: string): boolean {
    return this.exact.has(filter) || this.wild.has(filter);
  }

  set(filter: string, qos: number): void {
    if (isWild(filter)) this.wild.set(filter, { levels: filter.split('/'), qos });
    else this.exact.set(filter, qos);
  }

  delete(filter: string): void {
    this.exact.delete(filter);
    this.wild.delete(filter);
  }

  /** The highest QoS that a topic was asked for with; null when it was not. */
  qosOf(topic: string, levels: readonly string[] = topic.split('/')): number | null {
    let best = this.exact.get(topic) ?? null;
    for (const { levels: filter, qos } of this.wild.values()) {
      if ((best === null || qos > best) && matches(filter, levels)) best = qos;
    }
    return best;
  }
}

export function isWild(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/** MQTT 3.1.1, 4.7: `+` is one level, `#` at the end any number, none included. */
export function matches(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [at, level] of filter.entries()) {
    if (level === '#') return true;
    if (at >= topic.length || (level !== '+' && level !== topic[at])) return false;
  }
  return filter.length === topic.length;
}
