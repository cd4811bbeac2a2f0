import { z } from 'zod';
import type { ChannelData } from '../domain/channel-data.js';
import { noticeText } from './notice-text.js';
import type { Post } from './post.js';
import { signature } from './signature.js';

/** A notice as it is sent. */
export interface Letter {
  readonly eventId: string;
  readonly event: string;
  /** The whole envelope, JSON. */
  readonly body: string;
}

/** Where the services are that have one address for all. */
export interface ServiceBases {
  readonly telegram: string;
  readonly pushover: string;
}

export const SERVICES: ServiceBases = {
  telegram: 'https://api.telegram.org',
  pushover: 'https://api.pushover.net',
};

export interface LetterContext {
  readonly bases: ServiceBases;
  readonly userAgent: string;
  /** Epoch milliseconds of this attempt. */
  readonly now: number;
}

const DISCORD_MAX = 2_000;
const SLACK_MAX = 3_000;
const TELEGRAM_MAX = 4_096;
const PUSHOVER = { title: 250, message: 1_024 } as const;
/** Of the highest priority, as Pushover wants it: repeated each minute for an hour until somebody has seen it. */
const EMERGENCY = { priority: 2, retry: 60, expire: 3_600 } as const;

/** The call that brings a notice to the receiver of a channel. */
export function post(of: ChannelData, letter: Letter, { bases, userAgent, now }: LetterContext): Post {
  // Exactly this: receivers compare the whole of it.
  const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
  switch (of.channel) {
    case 'webhook': {
      const { webhookUrl, apiKey = '' } = of.data;
      const own = {
        'x-api-key': apiKey,
        'x-event-id': letter.eventId,
        'x-event': letter.event,
        'x-printfarmd-signature': signature(apiKey, letter.body, now),
      };
      return { url: webhookUrl, headers: { ...headers, ...own }, body: letter.body };
    }
    case 'discord': {
      const content = forDiscord(plainText(letter));
      const body = { content, allowed_mentions: { parse: [] } };
      return { url: of.data.webhookUrl, headers, body: JSON.stringify(body) };
    }
    case 'slack': {
      const text = escapedForSlack(cut(plainText(letter), SLACK_MAX));
      return { url: of.data.webhookUrl, headers, body: JSON.stringify({ text, mrkdwn: false }) };
    }
    case 'telegram': {
      const { botToken, chatId } = of.data;
      const body = { chat_id: chatId, text: cut(plainText(letter), TELEGRAM_MAX) };
      return { url: `${bases.telegram}/bot${botToken}/sendMessage`, headers, body: JSON.stringify(body) };
    }
    case 'pushover': {
      const { appToken, userKey, device, sound, priority } = of.data;
      const { title, detail } = words(letter);
      const body = {
        token: appToken,
        user: userKey,
        title: cut(title, PUSHOVER.title),
        // It wants a message, always.
        message: cut(detail === '' ? title : detail, PUSHOVER.message),
        ...(device === undefined ? {} : { device }),
        ...(sound === undefined ? {} : { sound }),
        ...(priority === EMERGENCY.priority ? EMERGENCY : priority === undefined ? {} : { priority }),
      };
      return { url: `${bases.pushover}/1/messages.json`, headers, body: JSON.stringify(body) };
    }
  }
}

const envelope = z.object({ event: z.string(), data: z.unknown() });

function words({ body }: Letter) {
  const { event, data } = envelope.parse(JSON.parse(body));
  return noticeText(event, data);
}

function plainText(letter: Letter): string {
  const { title, detail } = words(letter);
  return detail === '' ? title : `${title}\n${detail}`;
}

/** By whole characters, so that none is cut in two. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const short = text.slice(0, max - 1);
  return `${/[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short}…`;
}

/** What people call things is not meant as markup: `a_b_c` stays as it is. */
function forDiscord(text: string): string {
  const escaped = (plain: string) => plain.replaceAll(/[\\*_~`|<>[\]#]/g, '\\$&');
  const whole = escaped(text);
  // Each sign may become two.
  return whole.length <= DISCORD_MAX ? whole : escaped(cut(text, DISCORD_MAX / 2));
}

function escapedForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
