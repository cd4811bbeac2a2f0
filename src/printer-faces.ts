import type { PRINTER_PROVIDERS } from './contract/enums.js';
import type { Database } from './database/database.js';
import type { Fleet } from './fleet/fleet.js';
import type { FaceSource } from './realtime/home-assistant-publisher.js';

const MAKERS: Readonly<Record<(typeof PRINTER_PROVIDERS)[number], string>> = {
  Bambu: 'Bambu Lab',
  Prusa: 'Prusa Research',
  OctoPrint: 'OctoPrint',
  Klipper: 'Klipper',
};

/** What shows in a face, by resource. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  printer: ['name', 'provider'],
  printerConnection: ['serial', 'modelCode', 'active'],
};

interface Options {
  readonly database: Database;
  readonly fleet: Pick<Fleet, 'models'>;
  readonly storeId: string;
}

/** The farm's printers as devices elsewhere: those that a session is held with. */
export function printerFaces({ database, fleet, storeId }: Options): FaceSource {
  return {
    async faces() {
      const rows = await database.read
        .selectFrom('printerConnection')
        .innerJoin('printer', 'printer.id', 'printerConnection.printerId')
        .select(['printer.id', 'printer.name', 'printer.provider'])
        .select(['printerConnection.serial', 'printerConnection.modelCode'])
        .where('printerConnection.storeId', '=', storeId)
        .where('active', '=', 1)
        .orderBy('printer.id')
        .execute();
      return rows.map(({ id, name, provider, serial, modelCode }) => {
        const model = fleet.models.find((one) => one.modelCode === modelCode);
        return {
          printerId: id,
          name,
          manufacturer: MAKERS[provider],
          model: model?.modelName ?? null,
          serial,
          hasChamberTemp: model?.hasChamberTemp ?? false,
        };
      });
    },
    onChange: (listener) =>
      database.feed.on(({ changes }) => {
        const shows = changes.some(({ resource, action, fields }) => {
          const shown = SHOWN[resource];
          return (
            shown !== undefined && (action !== 'UPDATE' || fields.some((field) => shown.includes(field)))
          );
        });
        if (shows) listener();
      }),
    onRemoved: (listener) =>
      database.feed.on(({ changes }) => {
        for (const { resource, action, id } of changes) {
          if (resource === 'printer' && action === 'DELETE') listener(id);
        }
      }),
  };
}
