import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { invalidInput } from '../../contract/errors.js';
import { type ChannelData, readChannelData } from '../../domain/channel-data.js';
import { disableChannel, enableChannel } from '../../domain/notification-channels.js';
import { notificationSetting } from '../../resources/index.js';
import { NOTICE_CHANNELS, NOTICE_EVENTS } from '../../resources/notification-setting.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam, noParams } from '../schemas.js';
import { getOperation, plainListOperation, standardOperations } from '../standard.js';

const PATH = '/v1/settings/notifications';
const KEY_BYTES = 32;

const configuration = z.object(
  Object.fromEntries(NOTICE_EVENTS.map((event) => [event, z.boolean().optional()])),
);

/** What is told to the outside, over which channel, and where to. */
export function notificationSettingOperations(deps: Deps): Operation[] {
  const { database, presenter, notices } = deps;
  const edit = { status: 200, permissions: ['settings.edit'] } as const;

  const all = plainListOperation(notificationSetting, deps, {
    id: 'notificationSetting.all',
    path: PATH,
    summary: 'List the notification channels, without where they lead',
    params: noParams,
  });

  const enable = operation({
    ...edit,
    id: 'notificationSettings.enable',
    method: 'POST',
    path: PATH,
    status: 201,
    summary: 'Set a notification channel up, or anew; which events it tells stays',
    params: noParams,
    // Read by the operation: what is wrong with a secret is told without the secret.
    body: z.object({ channel: z.enum(NOTICE_CHANNELS), data: z.unknown() }),
    async run({ body }, { write }) {
      const { of, made } = withKey(checked(deps, body));
      const row = await database.write(write, (tx) =>
        enableChannel(tx, of.channel, (id) => notices.seal(id, of)),
      );
      const shown = notificationSetting.present(row, presenter);
      return made === null ? shown : { ...shown, apiKey: made };
    },
  });

  const configure = operation({
    ...edit,
    id: 'notificationSettings.configure',
    method: 'PATCH',
    path: `${PATH}/{id}/configure`,
    summary: 'Choose the events that a channel tells; those that are left out stay',
    params: idParam,
    body: configuration,
    async run({ params, body }, { write }) {
      const row = await database.write(write, (tx) => tx.update(notificationSetting, params.id, body));
      return notificationSetting.present(row, presenter);
    },
  });

  const disable = operation({
    ...edit,
    id: 'notificationSettings.disable',
    method: 'PATCH',
    path: `${PATH}/{id}/disable`,
    summary: 'Switch a channel off; what waits is kept until it is on again',
    params: idParam,
    body: null,
    async run({ params }, { write }) {
      const row = await database.write(write, (tx) => disableChannel(tx, params.id));
      return notificationSetting.present(row, presenter);
    },
  });

  const test = operation({
    ...edit,
    id: 'notificationSettings.test',
    method: 'POST',
    path: `${PATH}/{id}/test`,
    status: 201,
    summary: 'Send a test over a channel now and say what the receiver answered',
    params: idParam,
    body: null,
    run: ({ params }, { signal }) => notices.test(params.id, signal),
  });

  return [
    ...standardOperations(notificationSetting, deps),
    all,
    getOperation(notificationSetting, deps),
    enable,
    configure,
    disable,
    test,
  ];
}

/** @throws ApiError validation_failed for data that does not fit the channel, or an address that is refused */
function checked(
  { notices }: Pick<Deps, 'notices'>,
  { channel, data }: { channel: ChannelData['channel']; data?: unknown },
): ChannelData {
  const read = readChannelData(channel, data);
  if ('problems' in read) throw invalidInput(read.problems);
  const refusal = notices.refusal(read.of);
  if (refusal !== null)
    throw invalidInput([
      { path: '$input.data.webhookUrl', expected: `an address that may be sent to, but ${refusal}` },
    ]);
  return read.of;
}

/** A webhook always has a key; one that is made here is shown this once. */
function withKey(of: ChannelData): { readonly of: ChannelData; readonly made: string | null } {
  if (of.channel !== 'webhook' || of.data.apiKey !== undefined) return { of, made: null };
  const made = randomBytes(KEY_BYTES).toString('base64url');
  return { of: { ...of, data: { ...of.data, apiKey: made } }, made };
}
