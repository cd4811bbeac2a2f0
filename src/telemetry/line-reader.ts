/** Cuts a stream of bytes into lines; refuses lines that do not end. */
export class LineReader {
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly maxLineBytes: number) {}

  /**
   * The lines that this piece of the stream completes, without their newline.
   *
   * @throws RangeError when a line is longer than allowed.
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      this.#keep(rest.subarray(0, end));
      lines.push(Buffer.concat(this.#pieces).toString('utf8'));
      this.#pieces = [];
      this.#bytes = 0;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#keep(rest);
    return lines;
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.maxLineBytes)
      throw new RangeError(`a line of more than ${this.maxLineBytes} bytes`);
    this.#pieces.push(piece);
  }
}
