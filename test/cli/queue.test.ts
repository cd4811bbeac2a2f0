import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { type CliResult, cli, temporaryFolder } from './harness.js';

let farm: TestFarm;
let folder: string;
let waiting: readonly string[];
let printing: string;

/** One printer that prints, one of the same model whose bed nobody confirmed, one of another model. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pfd-'));
  farm = await testFarm({
    printers: [
      { model: 'A1M', name: 'Left' },
      { model: 'A1M', name: 'Right' },
      { model: 'X1C', name: 'Big' },
    ],
    speed: 60,
  });
  await writeFile(join(folder, 'farm.yaml'), `dataDir: ${farm.dataDir}\n`);
  const [, right] = farm.emulator.printers;
  const body = { ready: false, ids: [farm.printerId(right?.serial)] };
  await farm.ok('PATCH', '/v1/printers/confirm-ready', body);
  const [first = ''] = await queue('Bracket', 1);
  printing = first;
  await farm.until(`/v1/print-jobs/${printing}`, (job) => valueAt(job, 'status') === 'printing');
  waiting = await queue('Lid', 2);
});
afterAll(async () => {
  await farm.stop();
  await rm(folder, { recursive: true, force: true });
});

async function queue(name: string, quantity: number): Promise<readonly string[]> {
  const file = await cube({ plates: [{ seconds: 36_000 }] });
  const fileUris = [await farm.upload(`${name}.gcode.3mf`, file)];
  const part = await farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris });
  const made = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id'), quantity }] });
  const build = await farm.ok('GET', `/v1/part-builds/${textAt(made, 'partBuilds', 0, 'id')}`);
  return listAt(build, 'printJobs').map((job) => textAt(job, 'id'));
}

const run = (argv: readonly string[], given: Parameters<typeof cli>[1] = {}): Promise<CliResult> =>
  cli([...argv, '--config', join(folder, 'farm.yaml')], given);

describe('queue', () => {
  it('shows what is printed, and of what waits why', async () => {
    const { exitCode, out } = await run(['queue']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^1 under way, 2 waiting, 0 failed/);
    const line = (id: string) => out.split('\n').find((text) => text.startsWith(id.slice(0, 8)));
    expect(line(printing)).toMatch(/Bracket +printing +Left/);
    for (const id of waiting)
      expect(line(id)).toMatch(
        /Lid +pending +- +Fits 2 of 3 printers: 1 (not free|bed not confirmed clear), 1 /,
      );
  });

  it('answers in JSON', async () => {
    const { exitCode, out } = await run(['queue', '--json', '--limit', '2']);
    expect(exitCode).toBe(0);
    const board = JSON.parse(out);
    expect(board).toMatchObject({ underWay: 1, waiting: 2, failed: 0 });
    expect(board.jobs).toMatchObject([
      { id: printing, status: 'printing', printer: 'Left', low: false },
      { id: waiting[0], status: 'pending', printer: null },
    ]);
  });

  it('is drawn again and again on a terminal, until Ctrl-C', async () => {
    const interruption = new AbortController();
    const running = run(['queue'], { watched: true, interruption: () => interruption.signal });
    interruption.abort();
    const { exitCode, out } = await running;
    expect(exitCode).toBe(0);
    expect(out.startsWith('\u001b[H\u001b[2J')).toBe(true);
    for (const text of out.split('\n')) expect(text.length).toBeLessThan(130);
  });

  it('says when no daemon runs', async () => {
    const own = await temporaryFolder();
    await writeFile(join(own, 'farm.yaml'), 'dataDir: nowhere\n');
    const { exitCode, err } = await cli(['queue', '--config', join(own, 'farm.yaml')]);
    expect(exitCode).toBe(1);
    expect(err).toContain('no daemon runs on');
  });
});

describe('explain', () => {
  it('tells of a waiting job what each printer says to it, those that fit first', async () => {
    const [id = ''] = waiting;
    const { exitCode, out } = await run(['explain', id]);
    expect(exitCode).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`Lid (${id}) is pending, place 1.`);
    expect(lines[1]).toMatch(/^Fits 2 of 3 printers/);
    expect(lines.slice(3, 6)).toEqual([
      expect.stringMatching(/^later {2}Left: The printer is not free: busy with a job of the queue\.$/),
      expect.stringMatching(/^later {2}Right: The bed is not confirmed clear/),
      expect.stringMatching(/^no {5}Big: /),
    ]);
  });

  it('tells every check with one printer, and knows a job by the beginning of its id', async () => {
    const [id = ''] = waiting;
    const { out } = await run(['explain', id.slice(0, 12), '--printer', 'Right']);
    const marks = [...out.matchAll(/^ {2}(ok|FAIL) {2,4}(\S.*?) {2,}/gm)].map(([, mark, label]) => [
      label,
      mark,
    ]);
    expect(marks).toHaveLength(11);
    expect(marks).toContainEqual(['Bed clear', 'FAIL']);
    expect(marks).toContainEqual(['Filament matches', 'ok']);
  });

  it('tells of a job that prints where, and of its tries; in JSON too', async () => {
    const { out } = await run(['explain', 'Bracket']);
    expect(out).toContain(`Bracket (${printing}) is printing on Left.`);
    expect(out).toMatch(/Left +printing/);
    const answer = JSON.parse((await run(['explain', printing, '--json'])).out);
    expect(answer).toMatchObject({ id: printing, status: 'printing', place: null, printers: null });
    expect(answer.attempts).toMatchObject([{ printer: 'Left', outcome: 'printing', message: null }]);
  });

  it('says of what it cannot find that there is none, and of several which', async () => {
    const none = await run(['explain', 'zzzz']);
    expect([none.exitCode, none.err]).toEqual([4, expect.stringContaining('there is no print job zzzz')]);
    const several = await run(['explain', 'Lid']);
    expect([several.exitCode, several.err]).toEqual([
      1,
      expect.stringContaining('Lid is several print jobs'),
    ]);
    for (const id of waiting) expect(several.err).toContain(id);
    const printer = await run(['explain', waiting[0] ?? '', '--printer', 'None']);
    expect([printer.exitCode, printer.err]).toEqual([4, expect.stringContaining('there is no printer None')]);
  });

  it('tells of hours at which no print begins, as the configuration has them', async () => {
    const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const hours = `${days[(new Date().getDay() + 3) % 7]} 11:00-12:00`;
    await farm.restart({ config: { queue: { workingHours: [hours] } } });
    const [id = ''] = waiting;
    await expect
      .poll(async () => (await run(['explain', id, '--printer', 'Right'])).out)
      .toMatch(
        new RegExp(`FAIL {2}Room for another job +Outside the working hours \\(${hours}\\) no print begins`),
      );
  });
});
