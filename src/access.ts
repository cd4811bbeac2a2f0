import type { Logger } from 'pino';
import type { Clock } from './contract/time.js';
import type { Database } from './database/database.js';
import { Authenticator } from './operations/access/authenticator.js';
import { FailedLogins } from './operations/access/failed-logins.js';
import { keyRing } from './operations/keys/key-ring.js';
import { ownerInvitations } from './operations/keys/owner-invitations.js';
import { keyHandlers, ownerHandlers } from './telemetry/control-methods.js';

export interface AccessOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** MQTT holds keys to their addresses, as REST does. */
  readonly mqttEnforceIpAllowlist: boolean;
}

/** Who comes in: over REST and MQTT by keys and sessions, and what the command line may do about both. */
export function access({ database, storeId, clock, log, mqttEnforceIpAllowlist }: AccessOptions) {
  const authenticator = new Authenticator({ database, clock, log });
  return {
    authenticator,
    failedLogins: new FailedLogins(clock),
    mqttLogin: (login: { readonly storeId: string; readonly key: string; readonly address: string }) =>
      authenticator.admit({
        storeId: login.storeId,
        secret: login.key,
        address: mqttEnforceIpAllowlist ? login.address : null,
      }),
    controls: {
      ...keyHandlers(keyRing({ database, storeId })),
      ...ownerHandlers(ownerInvitations(database, storeId)),
    },
  };
}
