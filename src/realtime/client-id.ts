/** Who has logged in to the broker, and what they may see. */
export interface RealtimeCaller {
  /** Null for a person's session. */
  readonly keyId: string | null;
  readonly storeId: string;
  /** The effective permissions: roles, bundles and ownership already worked in. */
  readonly permissions: ReadonlySet<string>;
  /** Ids of what the login rests on, such as its key and its roles: when one of them changes, it ends. */
  readonly restsOn: readonly string[];
  /** Epoch milliseconds; null never ends. */
  readonly expiresAtMs: number | null;
}

const MAX_LENGTH = 256;
const KEY_CLIENT = 'apiclient_';

/**
 * Ids of the form `apiclient_{name}_{suffix}` must name the caller's key, or its store as older clients do; others
 * are free.
 *
 * @returns what is wrong with the id, null when nothing is.
 */
export function clientIdProblem(clientId: string, caller: RealtimeCaller): string | null {
  if (clientId.length > MAX_LENGTH) return `client id is longer than ${MAX_LENGTH} characters`;
  if (!clientId.startsWith(KEY_CLIENT)) return null;
  const rest = clientId.slice(KEY_CLIENT.length);
  const names = [caller.keyId, caller.storeId].filter((name) => name !== null);
  return names.some((name) => rest === name || rest.startsWith(`${name}_`))
    ? null
    : 'client id names another key or store';
}

/** Makes an id fit for the log: a client that is set up wrongly may have put its key there. */
export function loggable(id: string): string {
  return id.replace(/[a-z0-9]{40,}/gi, '***').slice(0, 100);
}
