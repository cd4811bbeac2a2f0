import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ExitPath } from '../../src/cli/exit-path.js';
import { createLogger } from '../../src/telemetry/log.js';

function path(killAfterMs?: number) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    pretty: false,
    stream: { write: (line) => void lines.push(line) },
  });
  const process = Object.assign(new EventEmitter(), {
    exit(code: number) {
      process.emit('exited', code);
    },
  });
  const exit = new ExitPath(process, log, killAfterMs);
  exit.arm();
  return { process, exit, messages: () => lines.map((line) => String(JSON.parse(line).msg)) };
}

describe('the way out', () => {
  it.each(['SIGTERM', 'SIGINT'])('begins at %s, once', async (signal) => {
    const { process, exit, messages } = path();
    process.emit(signal);
    process.emit('SIGTERM');
    process.emit('SIGINT');
    expect(await exit.requested).toBe(0);
    exit.finished();
    expect(messages()).toEqual(['stopping', 'stopping already', 'stopping already']);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('begins at an %s, as a failure', async (event) => {
    const { process, exit, messages } = path();
    process.emit(event, new Error('nobody expected this'));
    expect(await exit.requested).toBe(1);
    exit.finished();
    expect(messages()).toEqual(['an error that nobody caught', 'stopping']);
  });

  it('keeps its first cause: a failure on the way down is logged only', async () => {
    const { process, exit, messages } = path();
    process.emit('SIGTERM');
    process.emit('uncaughtException', new Error('late'));
    expect(await exit.requested).toBe(0);
    exit.finished();
    expect(messages()).toEqual(['stopping', 'an error that nobody caught', 'stopping already']);
  });

  it('is cut short when the stop does not come to its end', async () => {
    const { process, messages } = path(10);
    const exited = once(process, 'exited');
    process.emit('SIGTERM');
    expect(await exited).toEqual([1]);
    expect(messages()).toEqual(['stopping', 'the stop took longer than 10 ms; leaving without it']);
  });
});
