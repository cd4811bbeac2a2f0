import { describe, expect, it } from 'vitest';
import { Terminal } from '../../src/cli/terminal.js';
import { Recorder } from './harness.js';

function terminal(tty: boolean, env: NodeJS.ProcessEnv = {}) {
  const out = new Recorder(tty);
  const err = new Recorder(tty);
  return { terminal: new Terminal(out, err, env), out, err };
}

const columns = [
  { title: 'NAME', value: (row: { name: string | null }) => row.name },
  {
    title: 'SIZE',
    value: (row: { name: string | null }) => row.name?.length ?? null,
    align: 'right' as const,
  },
];

describe('the terminal', () => {
  it('aligns tables and shows what is not known', () => {
    const { terminal: t, out } = terminal(false);
    t.table(columns, [{ name: 'a printer' }, { name: null }]);
    expect(out.text).toBe('NAME       SIZE\na printer     9\n-             -\n');
  });

  it('lets no name write over the screen', () => {
    const { terminal: t, out } = terminal(true);
    t.table(columns, [{ name: '\u001b[2Jgone\r\n' }]);
    expect(out.text).not.toContain('\u001b[2J');
    expect(out.text.split('\n')).toHaveLength(3);
  });

  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ])('colours on %s: %s', (_, tty, env, coloured) => {
    expect(terminal(tty, env).terminal.style('red', 'x')).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x');
  });

  it('shows progress in place, and only to who watches', () => {
    const watched = terminal(true);
    watched.terminal.status('1 of 2');
    watched.terminal.status('2 of 2');
    watched.terminal.out('done');
    expect(watched.err.text).toBe('\r\u001b[K1 of 2\r\u001b[K2 of 2\r\u001b[K');
    const piped = terminal(false);
    piped.terminal.status('1 of 2');
    expect(piped.err.text).toBe('');
  });
});
