import type { TLSSocket } from 'node:tls';
import { DriverError, type PrinterTarget } from '../driver.js';
import { brokeOff, silentCamera, unwanted } from './camera-jpeg.js';
import type { CameraSource, CameraStream } from './camera-source.js';
import { decodePicture } from './ffmpeg.js';
import { KeyPictures } from './key-pictures.js';
import { RtspDialogue } from './rtsp-dialogue.js';
import { openSecureSocket } from './secure-socket.js';
import type { FifoSlots } from './transfer-slots.js';

/** Where cameras that send a video stream listen. */
export const STREAM_PORT = 322;
/** Servers forget a viewer that says nothing for a minute. */
const KEEP_ALIVE_MS = 25_000;

export interface DecoderOptions {
  /** Path of ffmpeg. */
  readonly program: string;
  /** Decoders that run at one time, over all printers. */
  readonly places: FifoSlots;
}

/**
 * Pictures of a camera that sends a video stream (docs/protocol.md §13.2). The stream is read here, over the
 * connection whose certificate was checked; the decoder sees nothing but pictures.
 */
export function streamSource(decoder: DecoderOptions): CameraSource {
  return async (target, stream) => {
    const { timing, signal } = stream;
    const port = stream.port ?? STREAM_PORT;
    const socket = await connect(target, port, { timeoutMs: timing.connectMs, signal });
    const decoding = new Set<Promise<void>>();
    try {
      const dialogue = new RtspDialogue(socket, target.accessCode, { timeoutMs: timing.connectMs, signal });
      const { base, sets } = await setUp(dialogue, target, port);
      // Listening before it begins: the first picture is a key picture, and the next may be long in coming.
      const ending = watch(socket, dialogue, new KeyPictures(sets), decoder, decoding, stream);
      await dialogue.ask('PLAY', base, { Range: 'npt=0.000-' });
      return await ending;
    } finally {
      socket.destroy();
      // Killed by the signal, or at the end of its time: nothing of it outlives the stream.
      await Promise.allSettled(decoding);
    }
  };
}

/** @throws DriverError */
async function connect(
  target: PrinterTarget,
  port: number,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  try {
    return (await openSecureSocket(target, port, limits)).socket;
  } catch (error) {
    if (!(error instanceof DriverError) || error.kind !== 'unreachable') throw error;
    const hint =
      'Enable "LAN mode liveview" on its screen, if it is not: without it the camera takes no connections.';
    throw new DriverError('unreachable', `${error.message} ${hint}`, { cause: error });
  }
}

/** Agrees on the video track, up to where the packets may begin. @throws DriverError */
async function setUp(
  dialogue: RtspDialogue,
  target: PrinterTarget,
  port: number,
): Promise<{ base: string; sets: string }> {
  const address = target.host.includes(':') ? `[${target.host}]` : target.host;
  const url = `rtsp://${address}:${port}/streaming/live/1`;
  const described = await dialogue.ask('DESCRIBE', url, { Accept: 'application/sdp' });
  const { control, sets } = videoOf(described.body);
  const base = described.headers.get('content-base') ?? `${url}/`;
  const track = /^rtsps?:/.test(control) ? control : `${base.replace(/\/?$/, '/')}${control}`;
  await dialogue.ask('SETUP', track, { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' });
  return { base, sets };
}

/** The H.264 track of a stream's description. @throws DriverError `unsupported` */
function videoOf(description: string): { control: string; sets: string } {
  const video = description.split(/^(?=m=)/m).find((part) => part.startsWith('m=video'));
  if (video === undefined || !/^a=rtpmap:\d+ H264\//im.test(video)) {
    throw new DriverError('unsupported', 'The camera offers no H.264 video.');
  }
  return {
    control: /^a=control:(\S+)/m.exec(video)?.[1] ?? '',
    sets: /sprop-parameter-sets=([A-Za-z0-9+/=,]+)/.exec(video)?.[1] ?? '',
  };
}

function watch(
  socket: TLSSocket,
  dialogue: RtspDialogue,
  pictures: KeyPictures,
  decoder: DecoderOptions,
  decoding: Set<Promise<void>>,
  { timing, signal, onFrame, isWanted }: CameraStream,
): Promise<DriverError> {
  return new Promise((resolve) => {
    const decode = async (picture: Buffer): Promise<void> => {
      const release = await decoder.places.take(signal);
      try {
        onFrame(await decodePicture(decoder.program, picture, { timeoutMs: timing.frameMs, signal }));
      } finally {
        release();
      }
    };
    const stalled = setTimeout(() => resolve(silentCamera(timing.frameMs)), timing.frameMs);
    const alive = setInterval(() => dialogue.tell('GET_PARAMETER'), KEEP_ALIVE_MS);
    signal.addEventListener('abort', () => resolve(unwanted()), { once: true });
    socket.once('close', () => {
      clearTimeout(stalled);
      clearInterval(alive);
      resolve(brokeOff());
    });
    dialogue.onFailure = resolve;
    dialogue.onPacket = ({ channel, bytes }) => {
      if (channel !== 0) return;
      const picture = pictures.push(bytes);
      if (picture === null) return;
      stalled.refresh();
      // One at a time, and only while somebody waits: a decoder costs a small machine much.
      if (decoding.size > 0 || !isWanted()) return;
      const work = decode(picture)
        .catch((error: unknown) => resolve(error instanceof DriverError ? error : brokeOff(error)))
        .finally(() => decoding.delete(work));
      decoding.add(work);
    };
  });
}
