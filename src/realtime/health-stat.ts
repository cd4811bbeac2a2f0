import { healthCode, healthLevel } from '../fleet/health-level.js';
import type { PrinterState } from '../fleet/live-printer.js';
import type { HealthMessage, HealthMessages } from './stat-types.js';

type Message = PrinterState['health'][number];

const PLACES = { error: 'errors', warning: 'warnings', info: 'infos' } as const;

/** Messages by how much they matter. */
export function healthMessages(health: readonly Message[]): HealthMessages {
  const sorted: Record<keyof HealthMessages, HealthMessage[]> = { errors: [], warnings: [], infos: [] };
  for (const message of health) {
    const place = PLACES[healthLevel(message)];
    sorted[place].push({ code: healthCode(message.code), message: message.message });
  }
  return sorted;
}
