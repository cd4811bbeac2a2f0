const PUBLISH = 0x30;
const QOS_1 = 0x02;
const RETAIN = 0x01;

/** A message, put into bytes once for all who get it. */
export class Frame {
  private live: Buffer | null = null;
  private readonly payload: Buffer;

  constructor(
    private readonly topic: string,
    payload: string | Buffer,
  ) {
    this.payload = typeof payload === 'string' ? Buffer.from(payload) : payload;
  }

  get isEmpty(): boolean {
    return this.payload.length === 0;
  }

  /** Of the packet, near enough to count by. */
  get bytes(): number {
    return this.payload.length + this.topic.length + 8;
  }

  /** The PUBLISH packet of QoS 0; `retain` marks what is told because somebody has just subscribed. */
  whole(retain: boolean): Buffer {
    if (retain) return Buffer.concat([this.head(RETAIN, 0), this.payload]);
    this.live ??= Buffer.concat([this.head(0, 0), this.payload]);
    return this.live;
  }

  /** The PUBLISH packet of QoS 1, in parts. */
  numbered(packetId: number, retain: boolean): readonly Buffer[] {
    const head = this.head(QOS_1 | (retain ? RETAIN : 0), 2);
    return [head, Buffer.from([packetId >> 8, packetId & 0xff]), this.payload];
  }

  private head(flags: number, idBytes: number): Buffer {
    const topic = Buffer.from(this.topic);
    const length = [];
    let left = 2 + topic.length + idBytes + this.payload.length;
    do {
      length.push((left % 128) | (left > 127 ? 0x80 : 0));
      left = Math.floor(left / 128);
    } while (left > 0);
    return Buffer.concat([
      Buffer.from([PUBLISH | flags, ...length, topic.length >> 8, topic.length & 0xff]),
      topic,
    ]);
  }
}
