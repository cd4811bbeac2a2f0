/** The part of a stream that printing needs. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const ANSI: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null;
  readonly align?: 'left' | 'right';
}

/** Where commands print: results on standard output, everything else on standard error. */
export class Terminal {
  readonly #out: TerminalStream;
  readonly #err: TerminalStream;
  readonly #colour: boolean;
  #statusShown = false;

  constructor(out: TerminalStream, err: TerminalStream, env: NodeJS.ProcessEnv) {
    this.#out = out;
    this.#err = err;
    // https://no-color.org: any value but the empty one switches colour off.
    this.#colour = out.isTTY === true && !env.NO_COLOR;
  }

  /** A person is watching standard error, so that a line may change in place. */
  get interactive(): boolean {
    return this.#err.isTTY === true;
  }

  /** A person is watching standard output, so that it may change in place. */
  get watched(): boolean {
    return this.#out.isTTY === true;
  }

  /** Lines of standard output; 24 when it is no terminal. */
  get height(): number {
    return this.#out.rows ?? 24;
  }

  /** Begins at the top of an empty screen, where somebody watches. */
  clear(): void {
    if (this.watched) this.#out.write('\u001b[H\u001b[2J');
  }

  /** Characters of a line on standard output; 80 when it is no terminal. */
  get width(): number {
    return this.#out.columns ?? 80;
  }

  /** A line of the result. */
  out(text = ''): void {
    this.status(null);
    this.#out.write(`${text}\n`);
  }

  /** A line about the work, not part of the result. */
  note(text: string): void {
    this.status(null);
    this.#err.write(`${text}\n`);
  }

  /** One JSON document on one line. */
  json(value: unknown): void {
    this.out(JSON.stringify(value));
  }

  /** A line that the next one replaces; null takes it away. Nothing at all where nobody watches. */
  status(text: string | null): void {
    if (!this.interactive || (text === null && !this.#statusShown)) return;
    this.#err.write(`\r\u001b[K${text === null ? '' : printable(text).slice(0, this.width - 1)}`);
    this.#statusShown = text !== null;
  }

  style(style: Style, text: string): string {
    const [on, off] = ANSI[style];
    return this.#colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  /** Aligned columns under their titles. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    const cells = rows.map((row) => columns.map((column) => printable(String(column.value(row) ?? '-'))));
    const widths = columns.map((column, index) =>
      Math.max(column.title.length, ...cells.map((row) => row[index]?.length ?? 0)),
    );
    const line = (texts: readonly string[]) =>
      texts
        .map((text, index) => {
          const width = widths[index] ?? 0;
          return columns[index]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd();
    this.out(this.style('bold', line(columns.map((column) => column.title))));
    for (const row of cells) this.out(line(row));
  }
}

/** Names come from the network and from files: control characters would let them write over the screen. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd');
}
