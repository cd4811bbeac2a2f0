import { z } from 'zod';
import type { NoticeChannel } from '../resources/notification-setting.js';
import { seal, unseal } from './sealed.js';

const webhookUrl = z.string('an address such as https://shop.example/hook').min(1).max(2048);
const word = (max: number, expected: string) =>
  z.string(expected).regex(new RegExp(`^[\\w-]{1,${max}}$`), expected);
const CHAT = 'the number of a chat such as -1001234567890, or @ and the name of a channel';

/** What each channel needs to reach its receiver. Kept sealed: half of it is secret. */
export const CHANNEL_DATA = {
  webhook: z.object({
    webhookUrl,
    /** Sent with each call, and what calls are signed with. */
    apiKey: z
      .string()
      .regex(/^[\x21-\x7e]{32,512}$/, '32 to 512 letters, digits and signs without spaces')
      .optional(),
  }),
  discord: z.object({ webhookUrl }),
  slack: z.object({ webhookUrl }),
  telegram: z.object({
    botToken: z.string().regex(/^\d{3,20}:[\w-]{20,100}$/, 'the token of a bot, digits, a colon and letters'),
    chatId: z
      .union([z.string(), z.int()], CHAT)
      .transform(String)
      .pipe(z.string().regex(/^(-?\d{1,20}|@\w{3,64})$/, CHAT)),
  }),
  pushover: z.object({
    appToken: word(64, 'the token of an application'),
    userKey: word(64, 'the key of a user or a group'),
    device: z
      .string()
      .regex(/^[\w,-]{1,250}$/, 'names of devices with commas between')
      .optional(),
    priority: z.int().min(-2).max(2).optional(),
    sound: word(64, 'the name of a sound').optional(),
  }),
} as const satisfies Record<NoticeChannel, z.ZodType>;

export type ChannelData = {
  [C in NoticeChannel]: { readonly channel: C; readonly data: z.output<(typeof CHANNEL_DATA)[C]> };
}[NoticeChannel];

/** The data of a channel as its kind wants it, or what is wrong with it. Never tells a value. */
export function readChannelData(
  channel: NoticeChannel,
  data: unknown,
): { readonly of: ChannelData } | { readonly problems: readonly { path: string; expected: string }[] } {
  const parsed = CHANNEL.safeParse({ channel, data });
  if (parsed.success) return { of: parsed.data };
  return {
    problems: parsed.error.issues.map(({ path, message }) => ({
      path: ['$input', ...path.map(String)].join('.'),
      expected: message,
    })),
  };
}

const CHANNEL = z.discriminatedUnion('channel', [
  z.object({ channel: z.literal('webhook'), data: CHANNEL_DATA.webhook }),
  z.object({ channel: z.literal('discord'), data: CHANNEL_DATA.discord }),
  z.object({ channel: z.literal('slack'), data: CHANNEL_DATA.slack }),
  z.object({ channel: z.literal('telegram'), data: CHANNEL_DATA.telegram }),
  z.object({ channel: z.literal('pushover'), data: CHANNEL_DATA.pushover }),
]);

/** Every text of it that must not be seen by anyone. */
export function secretsOf({ channel, data }: ChannelData): readonly string[] {
  switch (channel) {
    case 'webhook':
      return [data.webhookUrl, ...(data.apiKey === undefined ? [] : [data.apiKey])];
    case 'telegram':
      return [data.botToken];
    case 'pushover':
      return [data.appToken, data.userKey];
    default:
      return [data.webhookUrl, ...pathOf(data.webhookUrl)];
  }
}

/** Where the whole address is a password, so is what follows the host. */
function pathOf(url: string): readonly string[] {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  return path.length > 1 ? [path] : [];
}

export function sealChannelData(key: Buffer, settingId: string, { channel, data }: ChannelData): string {
  return seal(key, `${settingId} ${channel}`, JSON.stringify(data));
}

/** Null when the key is not the one that it was sealed with. */
export function openChannelData(
  key: Buffer,
  settingId: string,
  channel: NoticeChannel,
  sealed: string,
): ChannelData | null {
  const text = unseal(key, `${settingId} ${channel}`, sealed);
  if (text === null) return null;
  const read = readChannelData(channel, JSON.parse(text));
  return 'of' in read ? read.of : null;
}
