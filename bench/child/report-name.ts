/** What `latency` knows reports and messages by. */

const TASK = /"subtask_name":"([^"]+)"/;
const LAYER = /"layer_num":(\d+)/;

/** The printer's print, and the layer that it is at. */
export function nameOfReport(text: string): string {
  return `${TASK.exec(text)?.[1]} ${LAYER.exec(text)?.[1]}`;
}

/** A clock that all processes of this machine share, milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
