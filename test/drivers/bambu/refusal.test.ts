import { describe, expect, it } from 'vitest';
import { judgeAcknowledgement } from '../../../drivers/bambu/refusal.js';

/** Kind and code of a refusal with its words; the outcome's kind of anything else. */
function judged(body: Readonly<Record<string, unknown>>): readonly (string | null)[] {
  const outcome = judgeAcknowledgement(body);
  if (outcome.kind !== 'refused') return [outcome.kind];
  return [outcome.error.kind, outcome.error.code, outcome.error.message];
}

describe('an acknowledgement', () => {
  it.each([
    ['ams_change_filament', -2, /chamber is too hot for the soft filament/],
    ['ams_change_filament', -4, /AMS is too hot/],
    ['set_ctt', -2, /Soft filament is loaded/],
    ['set_ctt', -4, /below 40 °C/],
    ['pause', -9, /refused the command/],
  ])('of %s with errno %i is a refusal in words, with or without a result', (command, errno, words) => {
    for (const result of [{}, { result: 'success' }]) {
      const [kind, code, message] = judged({ command, errno, ...result });
      expect([kind, code]).toEqual(['rejected', `errno ${errno}`]);
      expect(message).toMatch(words);
    }
  });

  it('that the printer lets be overridden is a refusal all the same, with its code', () => {
    const [kind, code, message] = judged({ command: 'gcode_line', err_code: 0x0500_4015, err_index: 3 });
    expect([kind, code]).toEqual(['storage-full', '0500_4015']);
    expect(message).toMatch(/\(0500_4015; who knows better can insist on it/);
    expect(judged({ command: 'gcode_line', err_code: 0x0500_4015 })[2]).toMatch(/\(0500_4015\)$/);
  });
});
