import type { Migration } from '../src/database/migrate.js';

/** Why a printer is given nothing for now, and why it does not print on by itself: known after a restart too. */
export const printerStanding: Migration = {
  name: '0020_printer_standing',
  async up(db) {
    await db.schema
      .alterTable('printer')
      .addColumn('failedStarts', 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('printer').addColumn('setAside', 'text').execute();
    await db.schema.alterTable('printer').addColumn('continuousEnded', 'text').execute();
    await db.schema.alterTable('dispatch').addColumn('firstErrorText', 'text').execute();
  },
};
