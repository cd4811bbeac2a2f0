import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** What was last told of a printer's live state, so that a restart tells nothing twice: one row for each printer. */
export const printerNews: Migration = {
  name: '0024_printer_news',
  up: (db) =>
    ended(
      begun(db, 'printerNews')
        .addColumn('printerId', 'text', (c) =>
          c.notNull().unique().references('printer.id').onDelete('cascade'),
        )
        .addColumn('awaySince', 'text')
        .addColumn('health', 'text', (c) => c.notNull().defaultTo('[]')),
    ),
};
