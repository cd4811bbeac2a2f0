import { readFile } from 'node:fs/promises';
import type { Config } from './config/config.js';
import type { ConfiguredPrinter } from './domain/configured-printers.js';

/** A printer of the configuration file as the database takes it. */
export function configured(printer: Config['printers'][number]): ConfiguredPrinter {
  return {
    serial: printer.serial,
    name: printer.name ?? printer.serial,
    host: printer.host,
    mqttPort: printer.mqttPort,
    ftpPort: printer.ftpPort,
    cameraPort: printer.cameraPort,
    accessCode: printer.accessCode,
    trust: printer.trust,
    modelCode: printer.model,
  };
}

/** Certificates (PEM) that printers may prove themselves by, by serial; the empty key is for all. */
export async function trustAnchors(config: Config): Promise<Map<string, readonly string[]>> {
  const read = (file: string) => readFile(file, 'utf8');
  const anchors = new Map([['', await Promise.all(config.bambu.extraCaFiles.map(read))]]);
  for (const printer of config.printers) {
    if (printer.caFile !== null) anchors.set(printer.serial, [await read(printer.caFile)]);
  }
  return anchors;
}
