/** Where is published: the own broker, a broker elsewhere. What publishes knows no more of them. */
export interface StatsSink {
  /** Keeps a state for whoever asks for its topic, the newest only; it is put into words when somebody wants it. */
  publishState(topic: string, text: () => string): void;
  /** An empty retained message empties its topic. */
  publish(topic: string, payload: string, options: { readonly retain: boolean; readonly qos: 0 | 1 }): void;
}

/** All of them as one. A state is put into words once, however many want it. */
export function sinkOf(sinks: readonly StatsSink[]): StatsSink {
  const [only] = sinks;
  if (only !== undefined && sinks.length === 1) return only;
  return {
    publishState(topic, text) {
      const once = memo(text);
      for (const sink of sinks) sink.publishState(topic, once);
    },
    publish(topic, payload, options) {
      for (const sink of sinks) sink.publish(topic, payload, options);
    },
  };
}

function memo(text: () => string): () => string {
  let known: string | null = null;
  return () => {
    known ??= text();
    return known;
  };
}
