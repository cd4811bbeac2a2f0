/** Debian's mosquitto as a baseline, with the certificate of an installation. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './places.js';

const PROGRAM = '/usr/sbin/mosquitto';
const START_MS = 10_000;
const LOOK_MS = 50;

export interface Mosquitto {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** @throws Error when it cannot be started; `apt install mosquitto` makes it available */
export async function startMosquitto(
  folder: string,
  tls: { readonly cert: string; readonly key: string },
): Promise<Mosquitto> {
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    `certfile ${tls.cert}`,
    `keyfile ${tls.key}`,
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    'log_type none',
    // Started by root it would become a user that may not read the key.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child: ChildProcess = spawn(PROGRAM, ['-c', file], { stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (let waited = 0; !(await listens(port)); waited += LOOK_MS) {
    if (waited > START_MS || child.pid === undefined || child.exitCode !== null) {
      await stop();
      throw new Error(`${PROGRAM} does not listen`);
    }
    await delay(LOOK_MS);
  }
  return { pid: child.pid ?? 0, port, stop };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => say(true));
    socket.once('error', () => say(false));
  });
}
