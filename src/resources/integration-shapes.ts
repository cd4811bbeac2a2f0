import { z } from 'zod';

/** Shapes of the JSON columns of integrations, as the contract names them. */

const words = z.array(z.string().max(1024)).max(1_000);

/** What a shop said of itself when it was last looked at; `lastSyncedAt` in epoch milliseconds. */
export const etsyPublicData = z.object({
  shopId: z.string(),
  shopName: z.string(),
  shopUrl: z.string().optional(),
  lastSyncedAt: z.number().optional(),
});

export const shopifyPublicData = z.object({
  shopName: z.string(),
  shopDomain: z.string(),
  lastSyncedAt: z.number().optional(),
});

/** LAN printers belong to nobody's account. */
const bambuLabPublicData = z.object({ username: z.string().optional() });

export const publicData = z.union([etsyPublicData, shopifyPublicData, bambuLabPublicData]);

export const etsySettings = z.object({
  autoPrint: z.boolean(),
  autoCloseOrders: z.enum(['shipped', 'delivered', 'never']),
  ignoredVariantNames: words,
});

export const shopifySettings = z.object({
  autoPrint: z.boolean(),
  writeProgressTags: z.boolean(),
  autoCloseOrders: z.enum(['partial', 'never', 'fulfilled']),
  tagWhenPrinted: z.string().max(1024),
  propertyWhitelist: words,
  ignoredVariantNames: words,
});

/** Those that were set; the others are as each kind of shop has them at first. */
export const integrationSettings = z.union([shopifySettings.partial(), etsySettings.partial()]);
export type IntegrationSettings = z.infer<typeof integrationSettings>;
