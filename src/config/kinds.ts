import { isIP } from 'node:net';
import * as z from 'zod';
import { readSchedule } from '../contract/cron.js';

/** What a kind of setting tells about itself beyond what zod checks. */
export interface SettingKind {
  /** What may stand here, in words for an error message. */
  readonly allowed: string;
  /** The words of a choice. */
  readonly words?: readonly string[];
  /** The value never appears in a message. */
  readonly secret?: true;
  /** A path: relative ones are taken from the configuration file's folder; `existing` ones must be readable. */
  readonly path?: 'any' | 'existing';
}

/** Kind of every leaf of the schema; errors, overrides and path resolution read it. */
export const settingKinds = z.registry<SettingKind>();

/** A whole number from `min` to `max`, both included. */
export function whole(min: number, max: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .register(settingKinds, { allowed: `a whole number from ${min} to ${max}` });
}

/** A TCP or UDP port. `0` lets the system choose a free one, where that is allowed. */
export function port(min: 0 | 1) {
  const allowed = min === 0 ? 'a port from 0 to 65535 (0 = any free one)' : 'a port from 1 to 65535';
  return z.int().min(min).max(65_535).register(settingKinds, { allowed });
}

/** `true` or `false`. */
export function toggle() {
  return z.boolean().register(settingKinds, { allowed: 'true or false' });
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly [Word, ...Word[]]) {
  return z.enum(words).register(settingKinds, { allowed: `one of ${words.join(', ')}`, words });
}

/** Free text of one line, 1 to `max` characters. */
export function text(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u)
    .register(settingKinds, { allowed: `text of 1 to ${max} characters on one line` });
}

/** Text that must match a pattern; `allowed` says the pattern in words. */
export function word(pattern: RegExp, allowed: string) {
  return z.string().regex(pattern).register(settingKinds, { allowed });
}

/** Like `word`, but never shown. */
export function secretWord(pattern: RegExp, allowed: string) {
  return z.string().regex(pattern).register(settingKinds, { allowed, secret: true });
}

function pathText() {
  return z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[^\0]*$/);
}

/** A path that the daemon may create. */
export function path() {
  return pathText().register(settingKinds, {
    allowed: 'a path, absolute or relative to the folder of the configuration file',
    path: 'any',
  });
}

/** A path to a file that must be readable when the configuration is loaded. */
export function existingFile() {
  return pathText().register(settingKinds, {
    allowed: 'a readable file, absolute or relative to the folder of the configuration file',
    path: 'existing',
  });
}

const HOST_NAME = /^(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/;
const ONLY_DIGITS_AND_DOTS = /^[\d.]+$/;

function isHostName(value: string): boolean {
  return HOST_NAME.test(value) && !ONLY_DIGITS_AND_DOTS.test(value);
}

/** An IPv4 or IPv6 address, or a host name. `300.1.1.1` is neither. */
export function host() {
  return z
    .string()
    .refine((value) => isIP(value) !== 0 || isHostName(value))
    .register(settingKinds, { allowed: 'an IP address or a host name' });
}

const DAY = '(?:mon|tue|wed|thu|fri|sat|sun)';
const DAYS = `${DAY}(?:-${DAY})?`;
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d';
const HOURS = new RegExp(`^${DAYS}(?:,${DAYS})* ${TIME}-(?:${TIME}|24:00)$`);

/** Hours of some days of the week; those that end no later than they begin go on past midnight. */
export function hours() {
  return word(HOURS, 'days and hours such as mon-fri 07:00-19:00 or sat,sun 22:00-06:00');
}

/** An IPv4 address. */
export function ipv4() {
  return z
    .string()
    .refine((value) => isIP(value) === 4)
    .register(settingKinds, { allowed: 'an IPv4 address' });
}

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** An address or a range of addresses such as `10.0.0.0/8`. */
export function network() {
  return z
    .string()
    .refine(isNetwork)
    .register(settingKinds, { allowed: 'an IP address or a range such as 10.0.0.0/8' });
}

/** An address, a range of addresses or a host name. */
export function networkOrHost() {
  return z
    .string()
    .refine((value) => isNetwork(value) || isHostName(value))
    .register(settingKinds, { allowed: 'an IP address, a range such as 10.0.0.0/8 or a host name' });
}

function isBaseUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** An http or https address without user, query or fragment; a slash at its end is dropped. */
export function baseUrl() {
  return z
    .string()
    .refine(isBaseUrl)
    .register(settingKinds, {
      allowed: 'an address such as https://farm.example:3001, without user, query or fragment',
    })
    .transform((value) => value.replace(/\/+$/, ''));
}

function isBrokerUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^(mqtts?|wss?):$/.test(url.protocol) || url.hostname === '') return false;
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return bare && (url.protocol.startsWith('ws') || url.pathname === '' || url.pathname === '/');
}

/** Where an MQTT broker is. What is wrong is not shown again: a password may stand in it, which is not taken. */
export function brokerUrl() {
  return z.string().refine(isBrokerUrl).register(settingKinds, {
    allowed:
      'an address such as mqtts://broker.example:8883 or wss://broker.example/mqtt, without user, query or fragment',
    secret: true,
  });
}

const TOPIC_LEVELS = /^(?=.{1,128}$)(?!\$)[^#+/\p{Cc}]+(\/[^#+/\p{Cc}]+)*$/u;

/** The first levels of MQTT topics. */
export function topicLevels() {
  return word(TOPIC_LEVELS, 'levels of a topic such as farm/hall-1, without + and #, at most 128 characters');
}

function isOrigin(value: string): boolean {
  return isBaseUrl(value) && new URL(value).origin === value;
}

/** Where a web page comes from, as browsers name it. */
export function origin() {
  return z
    .string()
    .refine(isOrigin)
    .register(settingKinds, { allowed: 'an origin such as https://shop.example, without a path' });
}

/** When something is done by the clock, as the five fields of a cron expression. */
export function cron() {
  return z
    .string()
    .refine((value) => readSchedule(value) !== null)
    .register(settingKinds, {
      allowed:
        'minute, hour, day of the month, month and day of the week of a cron expression, such as 41 3 * * * for 3:41 each day',
    });
}
