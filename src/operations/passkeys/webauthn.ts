import type { Logger } from 'pino';
import { CHALLENGE_MS } from './challenges.js';
import type { NewCredential, UsedCredential } from './credential.js';
import type { RelyingParty } from './relying-party.js';

/** Signature algorithms taken, by their COSE numbers: EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257];

export interface Account {
  /** What the device keeps to name the account by. */
  readonly handle: string;
  readonly email: string;
  readonly displayName: string;
}

/** What is kept of a passkey that was registered. */
export interface Registered {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly credentialDeviceType: 'singleDevice' | 'multiDevice';
  readonly credentialBackedUp: boolean;
  readonly transports: readonly string[] | null;
}

export interface Used {
  readonly counter: number;
  readonly credentialBackedUp: boolean;
}

/** Loaded when the first passkey is asked for: most starts never need it. */
const library = () => import('@simplewebauthn/server');

/** Options for `navigator.credentials.create`. */
export async function registrationOptions(
  site: RelyingParty,
  siteName: string,
  challenge: string,
  account: Account,
  existing: readonly { readonly credentialId: string; readonly transports: readonly string[] | null }[],
): Promise<object> {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: siteName,
    rpID: site.id,
    userID: new Uint8Array(Buffer.from(account.handle)),
    userName: account.email,
    userDisplayName: account.displayName,
    challenge: bytes(challenge),
    timeout: CHALLENGE_MS,
    attestationType: 'none',
    excludeCredentials: existing.map(({ credentialId, transports }) => ({
      id: credentialId,
      ...(transports ? { transports: [...transports] } : {}),
    })),
    // It is the only proof: the device must keep it, find it by itself, and ask who holds it.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** Options for `navigator.credentials.get`: any passkey of the site that the device has. */
export async function authenticationOptions(site: RelyingParty, challenge: string): Promise<object> {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: site.id,
    challenge: bytes(challenge),
    timeout: CHALLENGE_MS,
    userVerification: 'required',
  });
}

/** @returns null when it does not prove what it should; why is in the log */
export async function verifyRegistration(
  site: RelyingParty,
  challenge: string,
  credential: NewCredential,
  log: Logger,
): Promise<Registered | null> {
  const { verifyRegistrationResponse } = await library();
  try {
    await refuseAttestation(credential);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...credential, response: given(credential.response) },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) return null;
    const { id, publicKey, counter } = registrationInfo.credential;
    return {
      credentialId: id,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      counter,
      credentialDeviceType: registrationInfo.credentialDeviceType,
      credentialBackedUp: registrationInfo.credentialBackedUp,
      transports: credential.response.transports ?? null,
    };
  } catch (error) {
    log.info({ reason: reasonOf(error) }, 'a new passkey was refused');
    return null;
  }
}

/** @returns null when it does not prove what it should; why is in the log */
export async function verifyUse(
  site: RelyingParty,
  challenge: string,
  credential: UsedCredential,
  known: { readonly credentialId: string; readonly publicKey: string; readonly counter: number },
  log: Logger,
): Promise<Used | null> {
  const { verifyAuthenticationResponse } = await library();
  try {
    const { clientDataJSON, authenticatorData, signature } = credential.response;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...credential, response: { clientDataJSON, authenticatorData, signature } },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: true,
      credential: {
        id: known.credentialId,
        publicKey: bytes(known.publicKey),
        counter: known.counter,
      },
    });
    if (!verified) return null;
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return { counter: newCounter, credentialBackedUp };
  } catch (error) {
    log.info({ reason: reasonOf(error) }, 'a passkey was refused');
    return null;
  }
}

/**
 * None was asked for, and the certificates of one would name addresses for us to call: only a device's own signature is
 * let through, as browsers do.
 */
async function refuseAttestation({ response }: NewCredential): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  const decoded = decodeAttestationObject(bytes(response.attestationObject));
  const format = decoded.get('fmt');
  if (format === 'none') return;
  if (format !== 'packed' || decoded.get('attStmt').get('x5c') !== undefined)
    throw new Error(`an attestation of the format ${format} was not asked for`);
}

function given({ clientDataJSON, attestationObject }: NewCredential['response']) {
  return { clientDataJSON, attestationObject };
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64url, 'base64url'));
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
