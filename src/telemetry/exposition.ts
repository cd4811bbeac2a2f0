import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Figure } from './metrics.js';
import type { LabelValues, Sample, Spreads } from './tally.js';

const PREFIX = 'printfarmd_';
/** How late the event loop is, is looked at this often; the library's usual 10 ms wakes an idle machine too often. */
const EVENT_LOOP_LOOK_MS = 20;

interface ExpositionLog {
  warn(fields: object, message: string): void;
}

/** Puts figures into Prometheus' text format, with those of the process beside them. */
export class Exposition {
  readonly #registry = new Registry();
  /** Figures that could not be read lately: told once. */
  readonly #told = new Set<string>();

  constructor(
    figures: readonly Figure[],
    private readonly log: ExpositionLog,
  ) {
    for (const figure of figures) this.#register(figure);
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS,
    });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #register(figure: Figure): void {
    const { help, labels } = figure;
    const common = { name: PREFIX + figure.name, help, labelNames: [...labels], registers: [this.#registry] };
    if (figure.type === 'histogram') {
      new SpreadHistogram(common, figure.spreads);
      return;
    }
    const read = () => this.#samplesOf(figure.name, figure.read);
    if (figure.type === 'gauge') {
      new Gauge({
        ...common,
        async collect() {
          const samples = await read();
          this.reset();
          for (const [values, value] of samples) this.set(named(labels, values), value);
        },
      });
      return;
    }
    new Counter({
      ...common,
      async collect() {
        const samples = await read();
        this.reset();
        for (const [values, value] of samples) this.inc(named(labels, values), value);
      },
    });
  }

  /** A figure that cannot be read is left out; the others are shown all the same. */
  async #samplesOf(
    name: string,
    read: () => Iterable<Sample> | Promise<Iterable<Sample>>,
  ): Promise<Iterable<Sample>> {
    try {
      const samples = await read();
      this.#told.delete(name);
      return samples;
    } catch (error) {
      if (!this.#told.has(name)) this.log.warn({ err: error, figure: name }, 'a figure could not be read');
      this.#told.add(name);
      return [];
    }
  }
}

interface HistogramNames {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

/** A histogram whose values are counted elsewhere, long before this library is loaded. */
class SpreadHistogram extends Histogram<string> {
  constructor(
    private readonly names: HistogramNames,
    private readonly spreads: Spreads,
  ) {
    super({ ...names, buckets: [...spreads.bounds] });
  }

  /** What the registry asks a histogram for. */
  async getForPromString(): Promise<unknown> {
    const { name, help, labelNames } = this.names;
    const values = this.spreads.all.flatMap(({ labels, spread }) => {
      const own = named(labelNames, labels);
      let seen = 0;
      const buckets = spread.counts.map((count, at) => {
        seen += count;
        const le: string | number = spread.bounds[at] ?? '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...own, le }, value: seen };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: own, value: spread.sum },
        { metricName: `${name}_count`, labels: own, value: seen },
      ];
    });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

function named(names: readonly string[], values: LabelValues): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}
