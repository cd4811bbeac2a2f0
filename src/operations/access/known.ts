import type { BlockList } from 'node:net';
import type { Transaction } from '../../database/transaction.js';
import type { Caller } from '../operation.js';
import { plainAddress } from './address.js';

/** What a caller shows at a door. */
export interface Credentials {
  /** Null where none was named: a session has only one store. */
  readonly storeId: string | null;
  /** A whole API key, or the token of a session. */
  readonly secret: string;
  /** Null where it does not matter from where somebody comes. */
  readonly address: string | null;
}

/** A key or a session whose secret was right, with all that is asked of it at each request. */
export interface Known {
  readonly caller: Caller;
  readonly active: boolean;
  /** Epoch milliseconds; null never ends. */
  readonly expiresAtMs: number | null;
  /** Null is any address. */
  readonly allowed: BlockList | null;
  /** Ids of the rows that it rests on: the key or session itself, its user, its roles. */
  readonly restsOn: readonly string[];
  lastUsedMs: number;
  /** Writes the time of use. */
  noteUse(tx: Transaction): Promise<void>;
}

export function isAllowedFrom(known: Known, address: string | null): boolean {
  if (known.allowed === null || address === null) return true;
  const plain = plainAddress(address);
  return known.allowed.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
