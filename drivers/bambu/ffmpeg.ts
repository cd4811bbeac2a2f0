import { spawn } from 'node:child_process';
import { DriverError } from '../driver.js';
import { isJpeg, LARGEST_FRAME_BYTES } from './camera-jpeg.js';

const COMPLAINT_BYTES = 2_000;

/** One picture in, one picture out. It is given no address and may open none, so no secret comes near it. */
const ARGUMENTS = [
  ['-hide_banner', '-loglevel', 'error'],
  ['-protocol_whitelist', 'pipe'],
  ['-f', 'h264', '-i', 'pipe:0'],
  ['-frames:v', '1', '-f', 'mjpeg', '-q:v', '4', 'pipe:1'],
].flat();

/**
 * Makes a JPEG of one H.264 key picture, in a child process that ends with it: killed when the time is over, when the
 * signal fires, and when it writes more than a picture has.
 * @throws DriverError
 */
export function decodePicture(
  program: string,
  h264: Buffer,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    // With an environment of its own: what the daemon was given is not the decoder's to know.
    const child = spawn(program, ARGUMENTS, { stdio: ['pipe', 'pipe', 'pipe'], env: {}, shell: false });
    const output: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    let failure: DriverError | null = null;
    const kill = (error: DriverError): void => {
      failure ??= error;
      child.kill('SIGKILL');
    };
    const onAbort = (): void => kill(new DriverError('aborted', 'The picture was not wanted any more.'));
    const timer = setTimeout(() => {
      kill(new DriverError('timeout', `${program} did not make a picture in ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LARGEST_FRAME_BYTES) {
        kill(new DriverError('protocol', `${program} wrote more than a picture has.`));
      } else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < COMPLAINT_BYTES) complaint += chunk.toString('utf8');
    });
    child.once('error', (error) => {
      failure ??= new DriverError(
        'unsupported',
        `${program} (camera.ffmpeg) cannot be run: ${error.message}.`,
        {
          cause: error,
        },
      );
    });
    // Its end tells; that it stopped reading before is no news.
    child.stdin.on('error', () => {});
    child.once('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      const jpeg = Buffer.concat(output);
      if (failure !== null) reject(failure);
      else if (code === 0 && isJpeg(jpeg)) resolve(jpeg);
      else reject(unreadable(program, code, complaint));
    });
    if (signal.aborted) onAbort();
    child.stdin.end(h264);
  });
}

function unreadable(program: string, code: number | null, complaint: string): DriverError {
  const said = complaint
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200);
  return new DriverError(
    'protocol',
    `${program} made no picture of the camera's stream (exit code ${code ?? 'none'})${said === '' ? '.' : `: ${said}`}`,
  );
}
