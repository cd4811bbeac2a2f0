import type { PrinterState } from '../fleet/live-printer.js';
import type { HealthMessage, HealthMessages } from './stat-types.js';

type Message = PrinterState['health'][number];

/**
 * Messages by how much they matter. A print error is an error, unless it is quiet: clients show a fault for
 * everything in `errors`, and a pause somebody asked for is none (docs/protocol.md §5.4).
 */
export function healthMessages(health: readonly Message[]): HealthMessages {
  const sorted: Record<keyof HealthMessages, HealthMessage[]> = { errors: [], warnings: [], infos: [] };
  for (const message of health) {
    sorted[placeOf(message)].push({ code: message.code.replaceAll('_', '-'), message: message.message });
  }
  return sorted;
}

function placeOf(message: Message): keyof HealthMessages {
  switch (message.severity) {
    case 'fatal':
    case 'serious':
      return 'errors';
    case 'common':
      return message.source === 'print-error' ? 'errors' : 'warnings';
    case 'info':
      return 'infos';
  }
}
