/**
 * Reads an uploaded .gcode.3mf as a printer's firmware would (docs/protocol.md §9), on its own: the emulator judges
 * the daemon and must not share its reader.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { XMLParser } from 'fast-xml-parser';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { z } from 'zod';

export interface PlateFilament {
  /** Index in the project's filament list, from 0. */
  readonly index: number;
  readonly type: string;
  readonly grams: number;
}

export interface PlateContent {
  /** Null when the file does not say. */
  readonly modelId: string | null;
  readonly nozzleDiameters: readonly string[];
  readonly predictionSeconds: number;
  readonly layers: number;
  readonly filaments: readonly PlateFilament[];
}

/** The file is no whole archive, or it lacks the plate. */
export class UnreadableFile extends Error {
  constructor(
    readonly verdict: 'bad-file' | 'bad-plate',
    message: string,
  ) {
    super(message);
  }
}

const MAX_INFO_BYTES = 8 * 1024 * 1024;
/** The slicer writes the layer count into the first lines. */
const HEADER_BYTES = 64 * 1024;

const attribute = z.union([z.string(), z.number()]).transform(String);
const sliceInfo = z.object({
  config: z.object({
    plate: z
      .array(
        z.object({
          metadata: z.array(z.object({ '@key': attribute, '@value': attribute })).default([]),
          filament: z
            .array(
              z.object({
                '@id': z.coerce.number(),
                '@type': attribute.default(''),
                '@used_g': z.coerce.number().default(0),
              }),
            )
            .default([]),
        }),
      )
      .default([]),
  }),
});

const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => ['plate', 'metadata', 'filament'].includes(name),
});

/** Content of one plate, checked by inflating its G-code. @throws UnreadableFile */
export async function readPlate(path: string, plate: number): Promise<PlateContent> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw new UnreadableFile('bad-file', `no archive: ${String(error)}`);
  }
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    return await plateContent(zip, entries, plate);
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile('bad-file', `damaged archive: ${String(error)}`);
  } finally {
    zip.close();
  }
}

async function plateContent(zip: ZipFile, entries: Map<string, Entry>, plate: number): Promise<PlateContent> {
  const gcodeEntry = entries.get(`Metadata/plate_${plate}.gcode`);
  const infoEntry = entries.get('Metadata/slice_info.config');
  if (gcodeEntry === undefined) throw new UnreadableFile('bad-plate', `no G-code of plate ${plate}`);
  if (infoEntry === undefined) throw new UnreadableFile('bad-file', 'no slice_info.config');
  const info = sliceInfo.parse(xml.parse((await content(zip, infoEntry)).toString('utf8')));
  const found = info.config.plate
    .map((p) => ({ ...p, values: new Map(p.metadata.map((m) => [m['@key'], m['@value']])) }))
    .find((p) => Number(p.values.get('index')) === plate);
  if (found === undefined)
    throw new UnreadableFile('bad-plate', `plate ${plate} is not in slice_info.config`);
  const gcode = await checkGcode(zip, gcodeEntry, entries.get(`Metadata/plate_${plate}.gcode.md5`));
  const predictionSeconds = Math.max(1, Number(found.values.get('prediction') ?? 0) || 1);
  return {
    modelId: found.values.get('printer_model_id') ?? null,
    nozzleDiameters: (found.values.get('nozzle_diameters') ?? '')
      .split(',')
      .map((d) => d.trim())
      .filter((d) => d !== ''),
    predictionSeconds,
    layers: gcode.layers ?? Math.max(1, Math.round(predictionSeconds / 30)),
    filaments: found.filament.map((f) => ({
      index: f['@id'] - 1,
      type: f['@type'],
      grams: f['@used_g'],
    })),
  };
}

/** Inflates the G-code, compares size, CRC and MD5, and finds the layer count. */
async function checkGcode(
  zip: ZipFile,
  entry: Entry,
  md5Entry: Entry | undefined,
): Promise<{ layers: number | null }> {
  const md5 = createHash('md5');
  let checksum = 0;
  let head = '';
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    const chunk: Buffer = Buffer.from(piece);
    md5.update(chunk);
    checksum = crc32(chunk, checksum);
    if (head.length < HEADER_BYTES) head += chunk.toString('latin1');
  }
  if (checksum !== entry.crc32) throw new UnreadableFile('bad-file', 'G-code fails its CRC');
  if (md5Entry !== undefined) {
    const wanted = (await content(zip, md5Entry)).toString('latin1').trim().toUpperCase();
    if (md5.digest('hex').toUpperCase() !== wanted)
      throw new UnreadableFile('bad-file', 'G-code fails its MD5');
  }
  const layers = /^; total layer number: (\d+)/m.exec(head)?.[1];
  return { layers: layers === undefined ? null : Math.max(1, Number(layers)) };
}

async function content(zip: ZipFile, entry: Entry): Promise<Buffer> {
  if (entry.uncompressedSize > MAX_INFO_BYTES)
    throw new UnreadableFile('bad-file', `${entry.fileName} is too large`);
  const chunks: Buffer[] = [];
  for await (const piece of await zip.openReadStreamPromise(entry)) chunks.push(Buffer.from(piece));
  return Buffer.concat(chunks);
}
