import type { DiscoveredPrinter, TrustMode } from '../../drivers/driver.js';

/** Where a printer listens. */
export interface Place {
  readonly host: string;
  readonly mqttPort: number;
}

/** Between two moves to announced places: a handshake needs its time, and anybody can announce. */
const MOVE_AGAIN_MS = 15_000;

/**
 * Where to look for one printer. It is at home until it cannot be reached there; then an announcement is worth a try.
 * Announcements are hearsay: a place becomes home once a connection there has proved the printer's identity, and is
 * left again at once when it has not.
 */
export class Whereabouts {
  /** As the database has it. */
  #stored: Place;
  #home: Place;
  #guess: Place | null = null;
  #guessedAt: number | null = null;

  constructor(stored: Place) {
    this.#stored = placeOf(stored);
    this.#home = this.#stored;
  }

  /**
   * A lost printer announced itself.
   *
   * @param now milliseconds that never jump
   * @returns where to look for it now; null to go on as before
   */
  heard(seen: DiscoveredPrinter, now: number): Place | null {
    const place = { host: seen.host, mqttPort: seen.mqttPort ?? this.#home.mqttPort };
    if (isSame(place, this.#guess ?? this.#home)) return null;
    if (this.#guessedAt !== null && now - this.#guessedAt < MOVE_AGAIN_MS) return null;
    this.#guess = place;
    this.#guessedAt = now;
    return place;
  }

  /** The printer is where we looked. @returns its new home, null when it has not moved */
  proved(): Place | null {
    if (this.#guess === null) return null;
    this.#home = this.#guess;
    this.#guess = null;
    return this.#home;
  }

  /** Whoever is there, if anybody, is not the printer. @returns the home to go back to, null when we are there */
  disproved(): Place | null {
    if (this.#guess === null) return null;
    this.#guess = null;
    return this.#home;
  }

  /** The database's word. @returns where to look: there if it is news, else where the printer was found since */
  told(stored: Place): Place {
    if (!isSame(stored, this.#stored)) {
      this.#stored = placeOf(stored);
      this.#home = this.#stored;
      this.#guess = null;
    }
    return this.#guess ?? this.#home;
  }
}

/**
 * Whether an announcement may lead us at all: only where the printer's identity is proved before it is given the
 * access code.
 */
export function mayFollow(trust: TrustMode, pinnedFingerprint: string | null): boolean {
  return trust === 'ca' || (trust === 'tofu' && pinnedFingerprint !== null);
}

/** Only where it is: callers hand in whole targets, whose access code and trust are not ours to remember. */
function placeOf({ host, mqttPort }: Place): Place {
  return { host, mqttPort };
}

function isSame(one: Place, other: Place): boolean {
  return one.host === other.host && one.mqttPort === other.mqttPort;
}
