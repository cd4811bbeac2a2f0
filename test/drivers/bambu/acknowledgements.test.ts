import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Acknowledgements } from '../../../drivers/bambu/acknowledgements.js';
import { CommandChannel } from '../../../drivers/bambu/command-channel.js';
import { pausePrint, resumePrint } from '../../../drivers/bambu/commands.js';
import { judgeAcknowledgement } from '../../../drivers/bambu/refusal.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('matching acknowledgements', () => {
  it('counts from 20000 to 29999 and starts over', () => {
    const acknowledgements = new Acknowledgements();
    const numbers = Array.from({ length: 10_001 }, () => acknowledgements.nextSequence());
    expect(numbers[0]).toBe(20_000);
    expect(numbers[9_999]).toBe(29_999);
    expect(numbers[10_000]).toBe(20_000);
    expect(new Set(numbers.slice(0, 10_000)).size).toBe(10_000);
  });

  it('fault-02: takes only a reply with our key, our command and our number', async () => {
    const acknowledgements = new Acknowledgements();
    const answer = acknowledgements.expect(pausePrint, 20_007, 5_000);
    expect(acknowledgements.offer('print', { command: 'resume', sequence_id: '20007' })).toBe(false);
    expect(acknowledgements.offer('system', { command: 'pause', sequence_id: '20007' })).toBe(false);
    expect(acknowledgements.offer('print', { command: 'pause', sequence_id: '20008' })).toBe(false);
    expect(acknowledgements.offer('print', { command: 'pause' })).toBe(false);
    const body = { command: 'pause', sequence_id: '20007', result: 'success' };
    expect(acknowledgements.offer('print', body)).toBe(true);
    expect(acknowledgements.offer('print', body)).toBe(false);
    await expect(answer).resolves.toEqual({ kind: 'answered', body });
  });

  it('takes a number sent as a number', async () => {
    const acknowledgements = new Acknowledgements();
    const answer = acknowledgements.expect(pausePrint, 20_001, 5_000);
    expect(acknowledgements.offer('print', { command: 'pause', sequence_id: 20_001 })).toBe(true);
    await expect(answer).resolves.toMatchObject({ kind: 'answered' });
  });

  it('is silent after the time, and a late reply is nobody’s', async () => {
    const acknowledgements = new Acknowledgements();
    const answer = acknowledgements.expect(pausePrint, 20_001, 5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(answer).resolves.toEqual({ kind: 'silent' });
    expect(acknowledgements.offer('print', { command: 'pause', sequence_id: '20001' })).toBe(false);
  });

  it('is silent when the connection is gone', async () => {
    const acknowledgements = new Acknowledgements();
    const answers = [20_001, 20_002].map((number) => acknowledgements.expect(pausePrint, number, 5_000));
    acknowledgements.abandon();
    await expect(Promise.all(answers)).resolves.toEqual([{ kind: 'silent' }, { kind: 'silent' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('judging acknowledgements', () => {
  it.each(['success', 'SUCCESS'])('%s is accepted', (result) => {
    expect(judgeAcknowledgement({ result, reason: '' })).toEqual({ kind: 'accepted' });
  });

  it('without a result or error proves nothing', () => {
    expect(judgeAcknowledgement({ command: 'pause', sequence_id: '20001' })).toEqual({ kind: 'unanswered' });
    expect(judgeAcknowledgement({ result: '' })).toEqual({ kind: 'unanswered' });
  });

  it.each([
    [
      { result: 'failed', reason: 'mqtt message verify failed', err_code: 84033543 },
      'developer-mode',
      '0502_4007',
    ],
    [{ err_code: 84033543 }, 'developer-mode', '0502_4007'],
    [{ err_code: 0x05024009 }, 'developer-mode', '0502_4009'],
    [{ result: 'fail', reason: 'mqtt message verify failed' }, 'developer-mode', null],
    [{ result: 'fail', reason: 'invalid tray_id' }, 'rejected', null],
    [{ result: 'success', err_code: 0x05004004 }, 'busy', '0500_4004'],
    [{ err_code: '83902468' }, 'busy', '0500_4004'],
    [{ err_code: 0x05004015 }, 'storage-full', '0500_4015'],
    [{ err_code: 0x0500400c }, 'storage', '0500_400C'],
    [{ err_code: 0x05004046 }, 'rejected', '0500_4046'],
    [{ errno: -2 }, 'rejected', 'errno -2'],
  ])('%j is refused as %s', (body, kind, code) => {
    const outcome = judgeAcknowledgement(body);
    expect(outcome).toMatchObject({ kind: 'refused', error: { kind, code } });
  });

  it('tells the printer’s reason', () => {
    const outcome = judgeAcknowledgement({ result: 'FAIL', reason: 'invalid tray_id' });
    expect(outcome.kind === 'refused' && outcome.error.message).toContain('invalid tray_id');
  });
});

describe('sending commands', () => {
  function channel() {
    const sent: string[] = [];
    const line = { publish: (payload: string) => sent.push(payload) > 0 };
    const onVanishing = vi.fn();
    return { channel: new CommandChannel(onVanishing), sent, line, onVanishing };
  }

  it('sends nothing without a connection, and says so', async () => {
    const { channel: commands } = channel();
    expect(commands.tell(pausePrint)).toBe(false);
    await expect(commands.ask(pausePrint, 1)).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'unreachable' },
    });
  });

  it('says unsent when the line takes nothing', async () => {
    const { channel: commands } = channel();
    commands.attach({ publish: () => false });
    await expect(commands.ask(pausePrint, 1)).resolves.toMatchObject({ kind: 'unsent' });
  });

  it('puts the sequence id in, a new one each time', async () => {
    const { channel: commands, sent, line } = channel();
    commands.attach(line);
    const first = commands.ask(pausePrint, 5_000);
    const second = commands.ask(pausePrint, 5_000);
    expect(sent.map((payload) => JSON.parse(payload))).toEqual([
      { print: { sequence_id: '20000', command: 'pause', param: '' } },
      { print: { sequence_id: '20001', command: 'pause', param: '' } },
    ]);
    commands.offer('print', { command: 'pause', sequence_id: '20001', result: 'success' });
    commands.offer('print', { command: 'pause', sequence_id: '20000', result: 'fail' });
    await expect(first).resolves.toMatchObject({ kind: 'refused' });
    await expect(second).resolves.toEqual({ kind: 'accepted' });
  });

  it('counts what was sent over a lost connection as unanswered, and sends nothing of it again', async () => {
    const { channel: commands, sent, line, onVanishing } = channel();
    commands.attach(line);
    const outcome = commands.ask(pausePrint, 5_000);
    commands.detach();
    await expect(outcome).resolves.toEqual({ kind: 'unanswered' });
    commands.attach(line);
    expect(sent).toHaveLength(1);
    expect(onVanishing).not.toHaveBeenCalled();
  });

  it('notices that commands vanish, but not after an answer between', async () => {
    const { channel: commands, line, onVanishing } = channel();
    commands.attach(line);
    const silent = commands.ask(pausePrint, 5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await silent;
    const answered = commands.ask(resumePrint, 5_000);
    commands.offer('print', { command: 'resume', sequence_id: '20001' });
    await answered;
    for (let turn = 0; turn < 2; turn += 1) {
      expect(onVanishing).not.toHaveBeenCalled();
      const next = commands.ask(pausePrint, 5_000);
      await vi.advanceTimersByTimeAsync(5_000);
      await next;
    }
    expect(onVanishing).toHaveBeenCalledOnce();
  });
});
