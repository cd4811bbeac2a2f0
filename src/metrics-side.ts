import { ERRORS } from './contract/errors.js';
import type { DatabaseOptions } from './database/database.js';
import type { Outcome, Phase } from './dispatch/machine-types.js';
import type { DispatchMeter } from './dispatch/meter.js';
import type { HttpMeter } from './http/meter.js';
import type { BrokerMeter, LossReason } from './realtime/meter.js';
import type { Logger } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { LogLines } from './telemetry/tally.js';

/** Seconds. From a commit on a good disk to one that waits for a card that is worn out. */
const WRITE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** A query by an index is done in a tenth of the first. */
const READ_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
const HTTP_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From a reservation that is passed on at once to a print of two days. */
const PHASE_BOUNDS = [0.1, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 172_800];

/** Words of figures, to be shown from the start. */
const PHASES: Readonly<Record<Exclude<Phase, 'ended'>, true>> = {
  reserved: true,
  transferring: true,
  transferred: true,
  'start-sent': true,
  printing: true,
};
const OUTCOMES: Readonly<Record<Outcome, true>> = {
  completed: true,
  failed: true,
  cancelled: true,
  released: true,
  'not-started': true,
  unknown: true,
};
const LOSSES: Readonly<Record<LossReason, true>> = {
  refused: true,
  slow: true,
  full: true,
  protocol: true,
  revoked: true,
};

export interface Meters {
  readonly metrics: Metrics;
  readonly database: Required<Pick<DatabaseOptions, 'onWrite' | 'onRead'>>;
  readonly dispatch: DispatchMeter;
  readonly http: HttpMeter;
  readonly broker: BrokerMeter;
}

/** What the parts count into. Made before all of them; `farmFigures` adds what is read from them. */
export function meters(log: Logger, lines = new LogLines()): Meters {
  const metrics = new Metrics(log);
  metrics.counter(
    'log_lines_total',
    'Lines of the log that tell of something wrong, by level.',
    ['level'],
    () => lines.tally.samples,
  );
  return {
    metrics,
    database: databaseMeter(metrics),
    dispatch: dispatchMeter(metrics),
    http: httpMeter(metrics),
    broker: brokerMeter(metrics),
  };
}

function databaseMeter(metrics: Metrics): Meters['database'] {
  const read = metrics
    .histogram(
      'database_read_seconds',
      'Time that a query took that only reads, those of transactions too.',
      [],
      READ_BOUNDS,
    )
    .of();
  const took = metrics
    .histogram('database_write_seconds', 'Time that a transaction took, commit included.', [], WRITE_BOUNDS)
    .of();
  const waited = metrics.count(
    'database_write_wait_seconds_total',
    'Time that transactions waited for the ones before them.',
  );
  return {
    onWrite(waitedMs, tookMs) {
      took.add(tookMs / 1000);
      waited.add(waitedMs / 1000);
    },
    onRead: (tookMs) => read.add(tookMs / 1000),
  };
}

function dispatchMeter(metrics: Metrics): DispatchMeter {
  const steps = metrics.tally('dispatch_steps_total', 'Steps of dispatches that were written down.', [
    'step',
  ]);
  const phases = metrics.histogram(
    'dispatch_phase_seconds',
    'Time that dispatches spent in a phase.',
    ['phase'],
    PHASE_BOUNDS,
    Object.keys(PHASES),
  );
  const outcomes = metrics.tally(
    'dispatch_outcomes_total',
    'Dispatches that ended, by how they did.',
    ['outcome'],
    Object.keys(OUTCOMES),
  );
  const bytes = metrics.count('transfer_bytes_total', 'Bytes of files sent to printers.');
  return {
    stepped: (step) => steps.of(step).add(),
    passed: (phase, tookMs) => phases.of(phase).add(tookMs / 1000),
    ended: (outcome) => outcomes.of(outcome).add(),
    sent: (sent) => bytes.add(sent),
  };
}

function httpMeter(metrics: Metrics): HttpMeter {
  const requests = metrics.tally('http_requests_total', 'Answered requests.', ['method', 'route', 'status']);
  const seconds = metrics.tally('http_request_seconds_total', 'Time that answering took.', [
    'method',
    'route',
  ]);
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time from a request to the end of its answer.',
    ['method'],
    HTTP_BOUNDS,
  );
  const errors = metrics.tally(
    'http_errors_total',
    'Requests answered with an error, by its code.',
    ['code'],
    Object.keys(ERRORS),
  );
  return {
    route(method, pattern) {
      // Looked up once a route answers: most of them never do.
      const spent = once(() => ({
        seconds: seconds.of(method, pattern),
        durations: durations.of(method),
        classes: ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) =>
          once(() => requests.of(method, pattern, status)),
        ),
      }));
      return (status, tookMs) => {
        const { seconds, durations, classes } = spent();
        seconds.add(tookMs / 1000);
        durations.add(tookMs / 1000);
        classes[Math.floor(status / 100) - 1]?.().add();
      };
    },
    failed: (code) => errors.of(code).add(),
  };
}

function brokerMeter(metrics: Metrics): BrokerMeter {
  const published = metrics.count(
    'mqtt_messages_published_total',
    'Messages given to the broker for whoever follows their topic.',
  );
  const sent = metrics.count('mqtt_messages_sent_total', 'Messages sent to MQTT clients.');
  const lost = metrics.tally(
    'mqtt_clients_lost_total',
    'MQTT clients that were turned away or cut off, by why.',
    ['reason'],
    Object.keys(LOSSES),
  );
  return {
    published: () => published.add(),
    sent: (clients) => sent.add(clients),
    lost: (reason) => lost.of(reason).add(),
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
