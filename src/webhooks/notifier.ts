import { AsyncResource } from 'node:async_hooks';
import type { Logger } from 'pino';
import { newId } from '../contract/ids.js';
import { type Clock, timestamp } from '../contract/time.js';
import type { Change, CommittedWrite } from '../database/change.js';
import type { Database } from '../database/database.js';
import { decodeRow } from '../database/rows.js';
import { type ChannelData, openChannelData, sealChannelData, secretsOf } from '../domain/channel-data.js';
import { type NoticeOutcome, TEST_EVENT } from '../domain/notice-outcomes.js';
import { giveUpChannel, type NotificationSetting } from '../domain/notification-channels.js';
import { type NoticeBody, withFileUrls } from '../domain/notification-outbox.js';
import { systemContext } from '../domain/stores.js';
import { notice, notificationSetting } from '../resources/index.js';
import { type Attempt, attempt } from './attempt.js';
import { LANE_TIMING, Lane, type LaneState, type LaneTiming } from './lane.js';
import type { Letter, ServiceBases } from './letters.js';
import { outboxOf } from './outbox.js';
import { dropAll, type OutboxLimit, waitingOf } from './outbox-limit.js';
import type { Poster } from './post.js';
import { NoticeTally } from './tally.js';

export interface NotifierOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly poster: Poster;
  readonly bases: ServiceBases;
  /** Seals the data of channels. */
  readonly key: Buffer;
  readonly userAgent: string;
  /** Failures within a day that switch a channel off; null for never. */
  readonly maxFailures: number | null;
  readonly limit: OutboxLimit;
  /** Absolute address of a stored file. */
  readonly fileUrl: (uri: string) => string;
  /** What must never appear in the log. */
  readonly hideSecret: (secret: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing?: LaneTiming;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
}

const DAY_MS = 86_400_000;

/** A channel while it is on. */
interface Open {
  readonly lane: Lane;
  readonly setting: NotificationSetting;
}

/**
 * Sends what the outbox holds: one lane for each channel that is on. It hears of new notices and of changed channels from
 * the change feed, and asks the database for nothing in between.
 */
export class Notifier {
  readonly tally = new NoticeTally();
  readonly #options: NotifierOptions;
  readonly #open = new Map<string, Open>();
  /** The last change of each channel that is being put in effect: one after the other. */
  readonly #changing = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, number>();
  #unheard: (() => void) | null = null;
  #maxFailures: number | null;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#maxFailures = options.maxFailures;
  }

  /** Failures within a day that switch a channel off from now on; null for never. */
  configure(maxFailures: number | null): void {
    this.#maxFailures = maxFailures;
  }

  async start(): Promise<void> {
    const { database, storeId } = this.#options;
    this.#unheard = database.feed.on((write) => this.#hear(write));
    const rows = await database.read
      .selectFrom('notificationSetting')
      .select('id')
      .where('storeId', '=', storeId)
      .execute();
    await Promise.all(rows.map(({ id }) => this.#change(id)));
  }

  /** Ends waits and calls; what was delivered is written down, what was not waits for the next start. */
  async stop(): Promise<void> {
    this.#unheard?.();
    // What failed of them has been told of.
    await Promise.allSettled(this.#changing.values());
    await Promise.all([...this.#open.values()].map(({ lane }) => lane.stop()));
    this.#open.clear();
    this.#options.poster.close();
  }

  /** Notices that wait, by channel. */
  depth(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const [id, { setting }] of this.#open) found.set(setting.channel, this.#waiting.get(id) ?? 0);
    return found;
  }

  underWay(settingId: string): LaneState | null {
    return this.#open.get(settingId)?.lane.state ?? null;
  }

  seal(settingId: string, of: ChannelData): string {
    for (const secret of secretsOf(of)) this.#options.hideSecret(secret);
    return sealChannelData(this.#options.key, settingId, of);
  }

  /** The data of a channel; null when it has none, or none that our key opens. */
  data({ id, channel, channelData }: NotificationSetting): ChannelData | null {
    if (channelData === null) return null;
    const of = openChannelData(this.#options.key, id, channel, channelData);
    for (const secret of of === null ? [] : secretsOf(of)) this.#options.hideSecret(secret);
    return of;
  }

  /** Sends a test at once and writes down what came of it. @returns null when the signal ended it */
  async test(setting: NotificationSetting, of: ChannelData, signal: AbortSignal): Promise<Attempt | null> {
    const { database, storeId, clock } = this.#options;
    const told: NoticeBody = {
      event: TEST_EVENT,
      timestamp: timestamp(clock.now()),
      data: { printer: null, printJob: null },
    };
    const eventId = newId();
    const result = await this.#send(of, { eventId, event: TEST_EVENT, body: JSON.stringify(told) }, signal);
    if (result === null) return null;
    await database.write(systemContext(storeId), (tx) =>
      tx.note(notice, {
        storeId,
        settingId: setting.id,
        eventId,
        event: TEST_EVENT,
        body: '',
        status: result.delivered ? 'delivered' : 'failed',
        attempts: 1,
        settledAt: tx.now,
        httpStatus: result.httpStatus,
        error: result.error,
      }),
    );
    return result;
  }

  #hear({ changes }: CommittedWrite): void {
    const fresh = new Set<string>();
    for (const change of changes) {
      if (change.resource === 'notice' && change.action === 'INSERT') {
        const id = settingOf(change);
        this.#waiting.set(id, (this.#waiting.get(id) ?? 0) + 1);
        fresh.add(id);
      }
      if (change.resource === 'notificationSetting' && concernsUs(change)) this.#watch(change.id);
    }
    for (const id of fresh) {
      this.#open.get(id)?.lane.wake();
      if ((this.#waiting.get(id) ?? 0) > this.#options.limit.rows) this.#overflow(id);
    }
  }

  // Whoever sets a channel up must not lend the lane the context of the request, which says where files are reached.
  readonly #watch = AsyncResource.bind((settingId: string): void => {
    this.#change(settingId).catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'a notification channel could not be taken up'),
    );
  });

  /** Puts a channel in effect as it now is, after what was begun with it before. */
  #change(settingId: string): Promise<void> {
    const before = this.#changing.get(settingId) ?? Promise.resolve();
    const now = before.catch(() => undefined).then(() => this.#takeUp(settingId));
    this.#changing.set(settingId, now);
    return now.finally(() => {
      if (this.#changing.get(settingId) === now) this.#changing.delete(settingId);
    });
  }

  async #takeUp(settingId: string): Promise<void> {
    const { database, storeId } = this.#options;
    const was = this.#open.get(settingId);
    this.#open.delete(settingId);
    await was?.lane.stop();
    const raw = await database.read
      .selectFrom('notificationSetting')
      .selectAll()
      .where('id', '=', settingId)
      .where('storeId', '=', storeId)
      .executeTakeFirst();
    const setting = raw ? decodeRow(notificationSetting, raw) : null;
    if (!setting?.enabled) return;
    const of = this.data(setting);
    if (of === null) return this.#giveUp(setting.id, setting.channelData === null ? NO_DATA : LOST_KEY);
    this.#waiting.set(settingId, await waitingOf(database, settingId));
    const lane = this.#lane(setting, of);
    this.#open.set(settingId, { lane, setting });
    lane.start();
  }

  #lane(setting: NotificationSetting, of: ChannelData): Lane {
    const { database, storeId, clock, fileUrl, log } = this.#options;
    const limit = () => ({ failures: this.#maxFailures, withinMs: DAY_MS });
    return new Lane({
      outbox: outboxOf(database, storeId, setting.id, limit),
      send: ({ eventId, event, body }, signal) =>
        this.#send(of, { eventId, event, body: withFileUrls(body, eventId, fileUrl) }, signal),
      timing: this.#options.timing ?? LANE_TIMING,
      sleep: this.#options.sleep,
      random: this.#options.random,
      now: () => clock.now(),
      onSettled: (outcomes, switchedOff) => this.#settled(setting, outcomes, switchedOff),
      onError: (error) =>
        log.error(
          { err: error, channel: setting.channel },
          'notices cannot be read or written; tried again soon',
        ),
    });
  }

  async #send(of: ChannelData, letter: Letter, signal: AbortSignal): Promise<Attempt | null> {
    const { poster, bases, userAgent, clock } = this.#options;
    const result = await attempt(poster, of, letter, { bases, userAgent, now: clock.now() }, signal);
    if (result !== null) this.tally.attempt(of.channel, result.delivered);
    return result;
  }

  #settled(
    { id, channel }: NotificationSetting,
    outcomes: readonly NoticeOutcome[],
    switchedOff: string | null,
  ): void {
    const { log } = this.#options;
    this.#waiting.set(id, Math.max(0, (this.#waiting.get(id) ?? 0) - outcomes.length));
    for (const { status, error, attempts, httpStatus } of outcomes) {
      this.tally.settled(channel, status);
      if (status === 'failed')
        log.warn({ channel, httpStatus, attempts, reason: error }, 'a notice could not be delivered');
    }
    if (switchedOff !== null) this.#tellOff(channel, switchedOff);
  }

  #tellOff(channel: string, reason: string): void {
    this.#options.log.error(
      { channel, reason },
      'A NOTIFICATION CHANNEL IS OFF: nothing more is sent over it. What waits is kept; POST /v1/settings/notifications ' +
        'switches it on again',
    );
  }

  async #giveUp(settingId: string, reason: string): Promise<void> {
    const { database, storeId } = this.#options;
    const off = await database.write(systemContext(storeId), async (tx) => {
      const isOff = await giveUpChannel(tx, settingId, reason);
      return isOff ? tx.get(notificationSetting, settingId) : null;
    });
    if (off !== null) this.#tellOff(off.channel, reason);
  }

  #overflow(settingId: string): void {
    const { database, storeId, limit, log, clock } = this.#options;
    this.#waiting.set(settingId, 0);
    const before = timestamp(clock.now() + 1);
    const reason = `more than ${limit.rows} notices waited; they were dropped, for the receiver is too slow`;
    this.#giveUp(settingId, reason)
      .then(() => dropAll(database, storeId, settingId, { error: reason, before }))
      .then(
        (dropped) => log.error({ dropped }, 'notices were dropped'),
        (error: unknown) => log.error({ err: error }, 'notices could not be dropped'),
      );
  }
}

const NO_DATA = 'it has no receiver: set it up again';
const LOST_KEY =
  'its data cannot be read: secrets/channel-key of the data folder is not the key that sealed it; set the channel up again';

function settingOf({ after }: Change): string {
  return typeof after?.settingId === 'string' ? after.settingId : '';
}

/** Which events are told is asked when they happen; the lane knows nothing of it. */
function concernsUs({ action, fields }: Change): boolean {
  return action !== 'UPDATE' || fields.includes('enabled') || fields.includes('channelData');
}
