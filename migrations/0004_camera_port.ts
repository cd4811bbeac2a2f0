import type { Migration } from '../src/database/migrate.js';

/** Where a printer's camera listens; null, as for all printers so far, is where cameras of its model do. */
export const cameraPort: Migration = {
  name: '0004_camera_port',
  async up(db) {
    await db.schema.alterTable('printerConnection').addColumn('cameraPort', 'integer').execute();
  },
};
