/** The video stream of larger models: RTSP over TLS, H.264 inside the same connection (docs/protocol.md §13.2). */
import { createHash, randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { CameraServerOptions } from './camera-server.js';
import { FAULTS } from './faults.js';
import { keyPicture, PICTURE_SET, SEQUENCE_SET } from './h264.js';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
}

const PATH = '/streaming/live/1';
const REALM = 'LIVE555 Streaming Media';
const SESSION = '00C0FFEE';
const FRAME_EVERY_MS = 250;
const PACKET_BYTES = 1400;
const MAX_REQUEST_BYTES = 8192;

export class RtspServer {
  readonly #options: CameraServerOptions;
  #viewer: Viewer | null = null;

  constructor(options: CameraServerOptions) {
    this.#options = options;
  }

  accept(socket: TLSSocket): void {
    const { faults, record } = this.#options;
    if (faults.has(FAULTS.cameraLiveviewOff)) {
      record('camera', 'refused', { reason: 'live view is off' });
      socket.destroy();
      return;
    }
    new Viewer(socket, this.#options, {
      enter: (viewer) => {
        if (this.#viewer !== null && this.#viewer !== viewer) return false;
        this.#viewer = viewer;
        return true;
      },
      leave: (viewer) => {
        if (this.#viewer === viewer) this.#viewer = null;
      },
    }).run();
  }
}

interface Door {
  enter(viewer: Viewer): boolean;
  leave(viewer: Viewer): void;
}

class Viewer {
  readonly #nonce = randomBytes(16).toString('hex');
  #buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | null = null;
  #number = 0;
  #sequence = 0;

  constructor(
    private readonly socket: TLSSocket,
    private readonly options: CameraServerOptions,
    private readonly door: Door,
  ) {}

  run(): void {
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      if (this.#timer !== null) {
        clearInterval(this.#timer);
        this.options.record('camera', 'closed');
      }
      this.door.leave(this);
    });
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      if (this.#buffer[0] === 0x24) {
        // What a viewer reports about its reception.
        if (this.#buffer.length < 4 || this.#buffer.length < 4 + this.#buffer.readUInt16BE(2)) return;
        this.#buffer = this.#buffer.subarray(4 + this.#buffer.readUInt16BE(2));
        continue;
      }
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) break;
      const request = parsed(this.#buffer.subarray(0, end).toString('utf8'));
      this.#buffer = this.#buffer.subarray(end + 4);
      this.#answer(request);
    }
    if (this.#buffer.length > MAX_REQUEST_BYTES) this.socket.destroy();
  }

  #answer(request: Request): void {
    const { method, headers } = request;
    if (method === 'OPTIONS') {
      this.#reply(request, 200, { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' });
    } else if (this.#isAuthorised(request)) {
      this.#serve(request);
    } else {
      if (headers.has('authorization')) this.#refused('credentials');
      this.#reply(request, 401, { 'WWW-Authenticate': `Digest realm="${REALM}", nonce="${this.#nonce}"` });
    }
  }

  #serve(request: Request): void {
    switch (request.method) {
      case 'DESCRIBE':
        if (new URL(request.url).pathname === PATH) this.#describe(request);
        else this.#reply(request, 404);
        break;
      case 'SETUP':
        this.#setUp(request);
        break;
      case 'PLAY':
        this.#reply(request, 200, { Session: SESSION });
        this.#play();
        break;
      case 'GET_PARAMETER':
        this.#reply(request, 200, { Session: SESSION });
        break;
      case 'TEARDOWN':
        this.#reply(request, 200);
        this.socket.end();
        break;
      default:
        this.#reply(request, 405);
    }
  }

  #setUp(request: Request): void {
    if (this.door.enter(this)) {
      const transport = 'RTP/AVP/TCP;unicast;interleaved=0-1';
      this.#reply(request, 200, { Transport: transport, Session: `${SESSION};timeout=65` });
    } else {
      this.#refused('occupied');
      this.#reply(request, 453);
    }
  }

  #refused(reason: string): void {
    this.options.record('camera', 'refused', { reason });
  }

  #describe(request: Request): void {
    const sets = [SEQUENCE_SET, PICTURE_SET].map((set) => set.toString('base64')).join(',');
    const body = [
      'v=0',
      'o=- 1 1 IN IP4 0.0.0.0',
      's=Session streamed by an emulated printer',
      't=0 0',
      'a=control:*',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1;profile-level-id=42000A;sprop-parameter-sets=${sets}`,
      'a=control:track1',
      '',
    ].join('\r\n');
    this.#reply(request, 200, { 'Content-Base': `${request.url}/`, 'Content-Type': 'application/sdp' }, body);
  }

  #play(): void {
    if (this.#timer !== null) return;
    this.options.record('camera', 'open');
    this.#timer = setInterval(() => this.#sendPicture(), FRAME_EVERY_MS);
    this.#sendPicture();
  }

  #sendPicture(): void {
    const { faults } = this.options;
    if (faults.has(FAULTS.cameraSilent)) return;
    this.#number += 1;
    const garbage = faults.take(FAULTS.cameraGarbage) !== null;
    const picture = garbage ? Buffer.alloc(64, 0x41) : keyPicture(this.#number);
    for (const packet of fragments(picture)) {
      this.#sequence = (this.#sequence + 1) & 0xffff;
      const head = Buffer.alloc(16);
      head.writeUInt8(0x24, 0);
      head.writeUInt16BE(12 + packet.bytes.length, 2);
      head.writeUInt8(0x80, 4);
      head.writeUInt8(96 | (packet.last ? 0x80 : 0), 5);
      head.writeUInt16BE(this.#sequence, 6);
      // One timestamp for ever, as some firmware has it.
      head.writeUInt32BE(90_000, 8);
      head.writeUInt32BE(0x5eed, 12);
      this.socket.write(Buffer.concat([head, packet.bytes]));
    }
    if (faults.take(FAULTS.cameraCut) !== null) this.socket.end();
  }

  #isAuthorised({ method, headers }: Request): boolean {
    const fields = new Map(
      [...(headers.get('authorization') ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    );
    const hash = (text: string): string => createHash('md5').update(text).digest('hex');
    const account = hash(`bblp:${REALM}:${this.options.accessCode()}`);
    const expected = hash(`${account}:${this.#nonce}:${hash(`${method}:${fields.get('uri')}`)}`);
    return fields.get('nonce') === this.#nonce && fields.get('response') === expected;
  }

  #reply(request: Request, status: number, headers: Record<string, string> = {}, body = ''): void {
    const lines = [
      `RTSP/1.0 ${status} ${STATUS[status] ?? 'Answer'}`,
      `CSeq: ${request.headers.get('cseq') ?? '0'}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ];
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }
}

const STATUS: Readonly<Record<number, string>> = {
  200: 'OK',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  453: 'Not Enough Bandwidth',
};

function parsed(head: string): Request {
  const [first = '', ...rest] = head.split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const headers = new Map(
    rest.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { method, url, headers };
}

/** A unit as it travels: whole where it fits, else in numbered parts (FU-A). */
function fragments(unit: Buffer): { bytes: Buffer; last: boolean }[] {
  if (unit.length <= PACKET_BYTES) return [{ bytes: unit, last: true }];
  const head = unit[0] ?? 0;
  const parts: { bytes: Buffer; last: boolean }[] = [];
  for (let at = 1; at < unit.length; at += PACKET_BYTES) {
    const last = at + PACKET_BYTES >= unit.length;
    const flags = (at === 1 ? 0x80 : 0) | (last ? 0x40 : 0) | (head & 0x1f);
    parts.push({
      bytes: Buffer.concat([Buffer.from([(head & 0xe0) | 28, flags]), unit.subarray(at, at + PACKET_BYTES)]),
      last,
    });
  }
  return parts;
}
