/** Port of a `227 Entering Passive Mode (h,h,h,h,p,p)`. */
export function passivePort(reply: string): number | null {
  const [, high, low] = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})(?!\d)/.exec(reply) ?? [];
  const port = Number(high ?? Number.NaN) * 256 + Number(low ?? Number.NaN);
  return port > 0 && port <= 65_535 ? port : null;
}
