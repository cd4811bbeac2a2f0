/**
 * Loaded by `--import` into daemon and baseline alike: memory after a collection, and how late the event loop is.
 * The process ends when the benchmark that started it does.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NOTHING, onAsk } from './asks.js';

const RESOLUTION_MS = 5;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

onAsk('memory', NOTHING, () => {
  // Twice: what finalisers let go of in the first is free in the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { liveBytes: heapUsed + external, rssBytes: rss };
});
onAsk('watch-delay', NOTHING, () => {
  delays.enable();
  delays.reset();
  return null;
});
onAsk('delay', NOTHING, () => {
  delays.disable();
  return { p99Ms: delays.percentile(99) / 1e6, maxMs: delays.max / 1e6 };
});

// The daemon is not to be held open by being watched, nor to outlive who watches it.
process.channel?.unref();
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
