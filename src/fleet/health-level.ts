import type { PrinterState } from './live-printer.js';

/**
 * How much a message matters to people. A print error is an error, unless it is quiet: clients show a fault for every
 * error, and a pause somebody asked for is none (docs/protocol.md §5.4).
 */
export function healthLevel({
  severity,
  source,
}: Pick<PrinterState['health'][number], 'severity' | 'source'>): 'error' | 'warning' | 'info' {
  switch (severity) {
    case 'fatal':
    case 'serious':
      return 'error';
    case 'common':
      return source === 'print-error' ? 'error' : 'warning';
    case 'info':
      return 'info';
  }
}

/** A code as it is shown to the outside: `0300-400C`. */
export function healthCode(code: string): string {
  return code.replaceAll('_', '-');
}
