/** Aborts at the first SIGTERM or SIGINT, and when standard input ends if that is asked for. */
export function interruption(options: { readonly withInput?: boolean } = {}): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGTERM', abort);
  process.once('SIGINT', abort);
  if (options.withInput === true) {
    process.stdin.once('end', abort).once('error', abort).resume();
    controller.signal.addEventListener('abort', () => process.stdin.destroy());
  }
  return controller.signal;
}
