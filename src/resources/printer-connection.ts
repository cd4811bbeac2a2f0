import { z } from 'zod';
import { choice, date, flag, id, integer, json, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

/**
 * How a printer is reached and what proves it. Kept apart from the printer, so that no answer, event or filter can
 * ever hold an access code. Rows with `configured` belong to the configuration file and change only with it.
 */
export const printerConnection = resource({
  name: 'printerConnection',
  label: 'printer connection',
  columns: {
    printerId: id({ references: { resource: 'printer', onDelete: 'cascade' }, unique: true }),
    serial: text({ max: 64 }),
    host: text({ max: 255 }),
    mqttPort: withDefault(integer({ min: 1, max: 65_535 }), 8883),
    ftpPort: withDefault(integer({ min: 1, max: 65_535 }), 990),
    /** Null is where cameras of its model listen. */
    cameraPort: nullable(integer({ min: 1, max: 65_535 })),
    accessCode: text({ max: 64, secret: true, hidden: true }),
    trust: choice(['ca', 'tofu', 'insecure']),
    pinnedFingerprint: nullable(text({ max: 128 })),
    pinnedAt: nullable(date()),
    modelCode: nullable(text({ max: 64 })),
    /** The print that the printer showed last. */
    shownPrint: nullable(json(z.object({ ids: z.array(z.string()), name: z.string() }))),
    configured: withDefault(flag(), false),
    /** False once the configuration file no longer lists the printer: its rows stay, no session is held. */
    active: withDefault(flag(), true),
  },
});
