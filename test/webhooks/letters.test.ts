import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelData } from '../../src/domain/channel-data.js';
import { openChannelData, readChannelData, sealChannelData } from '../../src/domain/channel-data.js';
import { NOTICE_EVENTS } from '../../src/resources/notification-setting.js';
import { attempt } from '../../src/webhooks/attempt.js';
import { post } from '../../src/webhooks/letters.js';
import { noticeText } from '../../src/webhooks/notice-text.js';
import { retryAfterMs } from '../../src/webhooks/retry-after.js';

const CONTEXT = {
  bases: { telegram: 'https://telegram.example', pushover: 'https://pushover.example' },
  userAgent: 'printfarmd/1',
  now: Date.UTC(2026, 0, 1),
};
const letter = (event: string, data: object) => ({
  eventId: 'e'.repeat(24),
  event,
  body: JSON.stringify({ event, timestamp: '2026-01-01T00:00:00.000Z', data }),
});
const FAILED = {
  printer: { name: 'Left <1> & @everyone' },
  printJob: { label: 'Bracket', errorMessage: 'The nozzle is clogged' },
};
const TEXT = 'Bracket failed on Left <1> & @everyone\nThe nozzle is clogged';

function sent(of: ChannelData, event = 'onJobFailed', data: object = FAILED) {
  const { url, headers, body } = post(of, letter(event, data), CONTEXT);
  expect(headers['content-type']).toBe('application/json');
  return { url, body: JSON.parse(body) };
}

describe('a notice for people', () => {
  it('goes to Discord as text that calls nobody', () => {
    const of = { channel: 'discord', data: { webhookUrl: 'https://discord.com/api/webhooks/1/x' } } as const;
    expect(sent(of)).toEqual({
      url: of.data.webhookUrl,
      body: {
        content: 'Bracket failed on Left \\<1\\> & @everyone\nThe nozzle is clogged',
        allowed_mentions: { parse: [] },
      },
    });
    const marks = { printJob: { label: '**v2**_final_ [x](y) `z`' } };
    expect(sent(of, 'onJobStarted', marks).body.content).toBe(
      '\\*\\*v2\\*\\*\\_final\\_ \\[x\\](y) \\`z\\` is printing',
    );
    const long = sent(of, 'onJobStarted', { printJob: { label: '_'.repeat(1_999) } }).body.content;
    expect(long).toMatch(/^(\\_)+…$/);
    expect(long.length).toBeLessThanOrEqual(2_000);
  });

  it('goes to Slack without its own marks', () => {
    const of = { channel: 'slack', data: { webhookUrl: 'https://hooks.slack.com/services/x' } } as const;
    expect(sent(of).body).toEqual({
      text: 'Bracket failed on Left &lt;1&gt; &amp; @everyone\nThe nozzle is clogged',
      mrkdwn: false,
    });
  });

  it('goes to Telegram as plain text to a chat', () => {
    const of = { channel: 'telegram', data: { botToken: '123:abc', chatId: '-100' } } as const;
    expect(sent(of)).toEqual({
      url: 'https://telegram.example/bot123:abc/sendMessage',
      body: { chat_id: '-100', text: TEXT },
    });
  });

  it('goes to Pushover with title, sound and priority, and within its lengths', () => {
    const data = { appToken: 'app', userKey: 'user', device: 'phone', sound: 'siren', priority: 2 };
    expect(sent({ channel: 'pushover', data })).toEqual({
      url: 'https://pushover.example/1/messages.json',
      body: {
        token: 'app',
        user: 'user',
        title: 'Bracket failed on Left <1> & @everyone',
        message: 'The nozzle is clogged',
        device: 'phone',
        sound: 'siren',
        priority: 2,
        retry: 60,
        expire: 3_600,
      },
    });
    const long = { printJob: { label: 'x'.repeat(900), errorMessage: 'y'.repeat(5_000) } };
    const { body } = sent(
      { channel: 'pushover', data: { appToken: 'a', userKey: 'u', priority: -2 } },
      'onJobFailed',
      long,
    );
    expect([body.title.length, body.message.length, body.priority]).toEqual([250, 1_024, -2]);
    const started = sent({ channel: 'pushover', data: { appToken: 'a', userKey: 'u' } }, 'onJobStarted').body;
    expect(started.message).toBe(started.title);
  });

  it('is cut between characters', () => {
    const data = { printJob: { label: '😀'.repeat(3_000) } };
    const of = { channel: 'discord', data: { webhookUrl: 'https://discord.com/x' } } as const;
    const { content } = sent(of, 'onJobFailed', data).body;
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(content).toMatch(/^(😀)+…$/u);
  });

  it('has words for every event, whatever it holds', () => {
    const seen = new Set<string>();
    for (const event of [...NOTICE_EVENTS, 'test']) {
      const { title } = noticeText(event, {});
      expect(title.length, event).toBeGreaterThan(5);
      expect(title, event).not.toContain('undefined');
      seen.add(title);
    }
    expect(seen.size).toBe(NOTICE_EVENTS.length + 1);
    fc.assert(
      fc.property(fc.constantFrom(...NOTICE_EVENTS), fc.jsonValue(), (event, data) => {
        const told = noticeText(
          event,
          typeof data === 'object' && !Array.isArray(data) && data !== null ? data : {},
        );
        expect(told.title + told.detail).not.toMatch(/\p{Cc}/u);
      }),
    );
    expect(noticeText('onJobStarted', { printJob: { label: 'a\nb\u2028c' } }).title).toBe(
      'a b c is printing',
    );
  });

  it('tells what it is about', () => {
    const text = (event: string, data: object) =>
      Object.values(noticeText(event, data)).filter(Boolean).join(' | ');
    expect(
      text('onPrinterHmsError', { printer: { name: 'P1' }, health: { code: '0300-400C', message: 'Hot' } }),
    ).toBe('P1 reports an error | 0300-400C Hot');
    expect(text('onMaintenanceOverdue', { maintenance: { printerName: 'P1', itemName: 'Grease' } })).toBe(
      'Grease is overdue on P1',
    );
    expect(
      text('onMaterialUsageRecorded', { usage: { spools: [{ grams: 12.5, materialType: 'PLA' }] } }),
    ).toBe('A print used material | 12.5 g PLA');
    expect(text('onOrderClosed', { order: { orderNumber: '#17' } })).toBe('Order #17 is closed');
  });
});

describe('an attempt', () => {
  it.each([
    ['a busy Telegram', 'telegram', 429, { ok: false, parameters: { retry_after: 15 } }, 15_000],
    ['a Telegram that says nothing of it', 'telegram', 429, { ok: false }, null],
    ['another that says so in its answer', 'slack', 429, { parameters: { retry_after: 15 } }, null],
  ] as const)('waits as long as %s wants', async (_what, channel, status, body, ms) => {
    const of: ChannelData =
      channel === 'telegram'
        ? { channel, data: { botToken: '123:abc', chatId: '5' } }
        : { channel, data: { webhookUrl: 'https://slack.example/x' } };
    const answer = { kind: 'answered', status, retryAfterMs: null, text: JSON.stringify(body) } as const;
    const poster = { post: async () => answer };
    const { signal } = new AbortController();
    expect(await attempt(poster, of, letter('test', {}), CONTEXT, signal)).toMatchObject({
      delivered: false,
      retryAfterMs: ms,
    });
  });

  it('calls a redirect what is one', async () => {
    const of = { channel: 'webhook', data: { webhookUrl: 'https://shop.example/x' } } as const;
    const error = async (status: number) => {
      const poster = {
        post: async () => ({ kind: 'answered', status, retryAfterMs: null, text: '' }) as const,
      };
      const { signal } = new AbortController();
      return (await attempt(poster, of, letter('test', {}), CONTEXT, signal))?.error;
    };
    expect(await error(307)).toContain('redirects are not followed');
    expect(await error(304)).toBe('answered 304');
  });
});

describe('the data of a channel', () => {
  it('opens with its own key at its own place, and nowhere else', () => {
    const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const of = { channel: 'telegram', data: { botToken: '123:abc', chatId: '5' } } as const;
    const sealed = sealChannelData(key, 'one', {
      ...of,
      data: { botToken: `1234:${'a'.repeat(30)}`, chatId: '5' },
    });
    expect(openChannelData(key, 'one', 'telegram', sealed)).toEqual({
      channel: 'telegram',
      data: { botToken: `1234:${'a'.repeat(30)}`, chatId: '5' },
    });
    expect(openChannelData(other, 'one', 'telegram', sealed)).toBeNull();
    expect(openChannelData(key, 'two', 'telegram', sealed)).toBeNull();
    expect(openChannelData(key, 'one', 'slack', sealed)).toBeNull();
    for (let at = 3; at < sealed.length; at += 7)
      expect(
        openChannelData(
          key,
          'one',
          'telegram',
          `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`,
        ),
      ).toBeNull();
    for (const wrong of ['', 'v1.', 'v1.AAAA', 'v2.AAAA'])
      expect(openChannelData(key, 'one', 'telegram', wrong)).toBeNull();
  });

  it('is told what is wrong with it, never what it holds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('webhook', 'discord', 'slack', 'telegram', 'pushover'),
        fc.jsonValue(),
        (channel, noise) => {
          const read = readChannelData(channel, {
            webhookUrl: ['SECRET'],
            apiKey: 'SECRET',
            botToken: 'SECRET',
            noise,
          });
          expect(JSON.stringify('problems' in read ? read.problems : '')).not.toContain('SECRET');
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  it.each([
    [undefined, null],
    ['5', 5_000],
    ['0.25', 250],
    ['soon', null],
    ['', null],
    ['-1', null],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ])('%j is %j', (header, ms) => expect(retryAfterMs(header, CONTEXT.now)).toBe(ms));
});
