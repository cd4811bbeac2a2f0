import * as z from 'zod';
import { ControlError } from './control-protocol.js';
import type { ControlHandler } from './control-server.js';

/** What the command line asks about notifications. */

export const listedChannelSchema = z.object({
  id: z.string(),
  channel: z.string(),
  enabled: z.boolean(),
  disabledReason: z.string().nullable(),
  waiting: z.int(),
  lastDeliveredAt: z.string().nullable(),
  lastFailedAt: z.string().nullable(),
});
export type ListedChannel = z.output<typeof listedChannelSchema>;

export const deliveryLogParamsSchema = z.strictObject({
  limit: z.int().min(1).max(500),
  channel: z.string().max(64).nullable(),
});
export type DeliveryLogParams = z.output<typeof deliveryLogParamsSchema>;

export const listedDeliverySchema = z.object({
  createdAt: z.string(),
  channel: z.string(),
  event: z.string(),
  status: z.string(),
  attempts: z.int(),
  httpStatus: z.int().nullable(),
  error: z.string().nullable(),
});
export type ListedDelivery = z.output<typeof listedDeliverySchema>;

export const testParamsSchema = z.strictObject({ channel: z.string().min(1).max(64) });
/** Longest time that a test may take, milliseconds. */
export const CHANNEL_TEST_MS = 14_000;

export const testResultSchema = z.object({
  channel: z.string(),
  delivered: z.boolean(),
  httpStatus: z.int().nullable(),
  error: z.string().nullable(),
  durationMs: z.number(),
});
export type ListedTest = z.output<typeof testResultSchema>;

/** Notifications, through a running daemon. */
export interface NotificationDesk {
  list(): Promise<readonly ListedChannel[]>;
  log(params: DeliveryLogParams): Promise<readonly ListedDelivery[]>;
  /** @throws ControlError `not-found` when the channel was never set up */
  test(channel: string, signal: AbortSignal): Promise<ListedTest>;
}

/** The control socket's handlers for notifications. */
export function notificationHandlers(desk: NotificationDesk): Record<string, ControlHandler> {
  return {
    'notifications.list': async () => desk.list(),
    'notifications.log': async (params) => desk.log(checked(deliveryLogParamsSchema, params)),
    'notifications.test': async (params, signal) =>
      desk.test(checked(testParamsSchema, params).channel, signal),
  };
}

function checked<Output>(schema: z.ZodType<Output>, params: unknown): Output {
  const result = schema.safeParse(params);
  if (!result.success) throw new ControlError('invalid', z.prettifyError(result.error));
  return result.data;
}
