/** The FTPS server of a printer: few sessions, one transfer at a time (docs/protocol.md §8.1). */
import type { SecureContext, TLSSocket } from 'node:tls';
import type { FaultSet } from './faults.js';
import { FtpSession } from './ftp-session.js';
import type { TruthRecorder } from './ground-truth.js';
import type { Profile } from './profiles.js';
import type { Storage } from './storage.js';
import type { VirtualClock } from './virtual-clock.js';

export interface FtpServerOptions {
  readonly profile: Profile;
  readonly storage: Storage;
  readonly faults: FaultSet;
  readonly clock: VirtualClock;
  readonly record: TruthRecorder;
  readonly accessCode: () => string;
  readonly host: () => string;
  /** Takes the printer's one transfer, null while another runs; the result gives it back. */
  readonly lock: () => (() => void) | null;
}

const MAX_SESSIONS = 8;

export class FtpServer {
  readonly #options: FtpServerOptions;
  readonly #sessions = new Set<FtpSession>();
  #transferring = false;

  constructor(options: Omit<FtpServerOptions, 'lock'>) {
    this.#options = { ...options, lock: () => this.#lock() };
  }

  accept(socket: TLSSocket, context: SecureContext): void {
    const session = new FtpSession(socket, context, this.#options, (closed) => {
      this.#sessions.delete(closed);
    });
    if (this.#sessions.size >= MAX_SESSIONS) {
      session.end(421, 'There are too many connections from your internet address.');
      return;
    }
    this.#sessions.add(session);
    session.run();
  }

  /** Cuts every session and its transfer. */
  dropAll(): void {
    for (const session of [...this.#sessions]) session.destroy();
  }

  #lock(): (() => void) | null {
    if (this.#transferring) return null;
    this.#transferring = true;
    return () => {
      this.#transferring = false;
    };
  }
}
