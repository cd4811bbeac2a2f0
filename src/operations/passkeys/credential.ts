import { z } from 'zod';

const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/, 'base64url without padding');

/** What a browser's `toJSON` makes of a credential; further members are dropped. */
const common = {
  id: base64url(1_400),
  rawId: base64url(1_400),
  type: z.literal('public-key'),
  clientExtensionResults: z.object({}).default({}),
};

/** The answer to a registration: a new public key. */
export const newCredential = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url(16_384),
    attestationObject: base64url(65_536),
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
});
export type NewCredential = z.output<typeof newCredential>;

/** The answer to an authentication: a signature. */
export const usedCredential = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url(16_384),
    authenticatorData: base64url(16_384),
    signature: base64url(4_096),
    userHandle: base64url(128).nullish(),
  }),
});
export type UsedCredential = z.output<typeof usedCredential>;

const clientData = z.object({ challenge: z.string(), crossOrigin: z.boolean().optional() });

/** The challenge that the browser says it answers; null when what it sent is no answer of a page of our own. */
export function challengeOf({ response }: NewCredential | UsedCredential): string | null {
  const read = clientData.safeParse(
    parsed(Buffer.from(response.clientDataJSON, 'base64url').toString('utf8')),
  );
  // A page within another site's frame is none of ours.
  return read.success && read.data.crossOrigin !== true ? read.data.challenge : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON names no challenge; the schema says so.
    return undefined;
  }
}
