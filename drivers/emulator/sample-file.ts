/** Builds small but complete `.gcode.3mf` files (docs/protocol.md §9), the same bytes for the same request. */
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { ZipFile } from 'yazl';

export interface SlicedFilament {
  /** 1-based index in the project's filament list; only used filaments are listed. */
  readonly id: number;
  readonly type: string;
  /** `#RRGGBB`. */
  readonly color: string;
  readonly infoIdx: string;
  readonly usedGrams: number;
  readonly usedMeters: number;
  /** Logical extruder; default the right one of two. */
  readonly group?: number;
}

export interface SlicedPlate {
  /** 1-based plate number. */
  readonly index: number;
  readonly predictionSeconds: number;
  readonly weightGrams: number;
  readonly filaments: readonly SlicedFilament[];
  /** G-code of the plate; a small one is made up when absent. */
  readonly gcode?: string;
  /** Layer count in the made-up G-code, default 20. */
  readonly layers?: number;
  /** `plater_name` in model_settings.config, default ''. */
  readonly name?: string;
  /** Objects on the plate, default one `Cube` with identify_id 69 + index. */
  readonly objects?: readonly { readonly id: number; readonly name: string }[];
}

export interface SlicedFile {
  /** `printer_model_id`, default `BL-P001`; null leaves it out as old slicers did. */
  readonly model?: string | null;
  /** `nozzle_diameters`, default `0.4`; a comma list for two nozzles. */
  readonly nozzle?: string;
  readonly plates: readonly SlicedPlate[];
  /** False leaves out G-code and plates of slice_info: a project that was never sliced. Default true. */
  readonly sliced?: boolean;
}

const MODEL_NAMES: Readonly<Record<string, string>> = {
  'BL-P001': 'Bambu Lab X1 Carbon',
  'BL-P002': 'Bambu Lab X1',
  C13: 'Bambu Lab X1E',
  C11: 'Bambu Lab P1P',
  C12: 'Bambu Lab P1S',
  N7: 'Bambu Lab P2S',
  N1: 'Bambu Lab A1 mini',
  N2S: 'Bambu Lab A1',
  N9: 'Bambu Lab A2L',
  O1D: 'Bambu Lab H2D',
  O1E: 'Bambu Lab H2D Pro',
  O1S: 'Bambu Lab H2S',
  O1C2: 'Bambu Lab H2C',
  N6: 'Bambu Lab X2D',
};

/** MD5 as the slicer stores it beside the G-code: 32 upper-case hex digits. */
export function gcodeMd5(gcode: string): string {
  return createHash('md5').update(gcode, 'utf8').digest('hex').toUpperCase();
}

export async function buildSlicedFile(file: SlicedFile): Promise<Buffer> {
  const sliced = file.sliced ?? true;
  const zip = new ZipFile();
  const chunks: Buffer[] = [];
  zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<void>((resolve, reject) => {
    zip.outputStream.on('end', resolve);
    zip.outputStream.on('error', reject);
    zip.on('error', reject);
  });
  const add = (path: string, content: string | Buffer): void =>
    zip.addBuffer(Buffer.from(content), path, {
      mtime: new Date('2025-01-01T00:00:00Z'),
      // As the slicer does: previews are stored, text is deflated.
      compress: !path.endsWith('.png'),
    });
  add('[Content_Types].xml', CONTENT_TYPES);
  for (const plate of file.plates) {
    add(`Metadata/plate_${plate.index}.png`, plateImage(plate.index, 32));
    add(`Metadata/plate_${plate.index}_small.png`, plateImage(plate.index, 8));
    add(`Metadata/plate_${plate.index}.json`, plateDetails(plate, file));
    if (!sliced) continue;
    const gcode = plate.gcode ?? defaultGcode(plate);
    add(`Metadata/plate_${plate.index}.gcode.md5`, gcodeMd5(gcode));
    add(`Metadata/plate_${plate.index}.gcode`, gcode);
  }
  add('3D/3dmodel.model', MODEL_STUB);
  add('Metadata/project_settings.config', projectSettings(file));
  add('Metadata/model_settings.config', modelSettings(file, sliced));
  add('Metadata/slice_info.config', sliceInfo(file, sliced));
  if (sliced) add('Metadata/_rels/model_settings.config.rels', plateRelations(file));
  add('_rels/.rels', packageRelations(file));
  zip.end();
  await done;
  return Buffer.concat(chunks);
}

function defaultGcode(plate: SlicedPlate): string {
  const layers = plate.layers ?? 20;
  const lines = [
    '; HEADER_BLOCK_START',
    `; total estimated time: ${plate.predictionSeconds}s`,
    `; total layer number: ${layers}`,
    `; max_z_height: ${(layers * 0.2).toFixed(2)}`,
    '; HEADER_BLOCK_END',
    'M104 S220',
    'M140 S60',
    'G28',
  ];
  for (let layer = 1; layer <= layers; layer++) {
    lines.push('; CHANGE_LAYER', `; Z_HEIGHT: ${(layer * 0.2).toFixed(2)}`, `M73 L${layer}`);
    lines.push(`G1 X${100 + layer} Y100 E0.5`);
  }
  return `${lines.join('\n')}\n`;
}

function sliceInfo(file: SlicedFile, sliced: boolean): string {
  const plates = sliced ? file.plates.map((plate) => slicedPlate(plate, file)).join('') : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<config>
  <header>
    <header_item key="X-BBL-Client-Type" value="slicer"/>
    <header_item key="X-BBL-Client-Version" value="02.04.00.70"/>
  </header>
${plates}</config>
`;
}

function slicedPlate(plate: SlicedPlate, file: SlicedFile): string {
  const nozzle = file.nozzle ?? '0.4';
  const model = file.model === undefined ? 'BL-P001' : file.model;
  const metadata: [string, string | number][] = [
    ['index', plate.index],
    ...(model === null ? [] : [['printer_model_id', model] satisfies [string, string]]),
    ['nozzle_diameters', nozzle],
    ['timelapse_type', 0],
    ['prediction', plate.predictionSeconds],
    ['weight', plate.weightGrams.toFixed(2)],
    ['outside', 'false'],
    ['support_used', 'false'],
    ['label_object_enabled', 'true'],
  ];
  const lines = metadata.map(([key, value]) => `    <metadata key="${key}" value="${value}"/>`);
  // With two nozzles the right one, which the first AMS feeds: the file's second, the machine's first.
  const group = nozzle.includes(',') ? 1 : 0;
  for (const object of plate.objects ?? [{ id: 69 + plate.index, name: 'Cube' }]) {
    lines.push(`    <object identify_id="${object.id}" name="${escapeXml(object.name)}" skipped="false" />`);
  }
  for (const filament of plate.filaments) {
    lines.push(
      `    <filament id="${filament.id}" tray_info_idx="${filament.infoIdx}" type="${filament.type}"` +
        ` color="${filament.color}" used_m="${filament.usedMeters.toFixed(2)}"` +
        ` used_g="${filament.usedGrams.toFixed(2)}" group_id="${filament.group ?? group}" nozzle_diameter="${nozzle.split(',')[0]}"/>`,
    );
  }
  return `  <plate>\n${lines.join('\n')}\n  </plate>\n`;
}

function modelSettings(file: SlicedFile, sliced: boolean): string {
  const plates = file.plates.map((plate) => {
    const metadata: [string, string | number][] = [
      ['plater_id', plate.index],
      ['plater_name', escapeXml(plate.name ?? '')],
      ['locked', 'false'],
      ...(sliced ? [['gcode_file', `Metadata/plate_${plate.index}.gcode`] satisfies [string, string]] : []),
      ['thumbnail_file', `Metadata/plate_${plate.index}.png`],
      ['pattern_bbox_file', `Metadata/plate_${plate.index}.json`],
    ];
    const lines = metadata.map(([key, value]) => `    <metadata key="${key}" value="${value}"/>`);
    return `  <plate>\n${lines.join('\n')}\n  </plate>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<config>\n${plates.join('')}</config>\n`;
}

/** The project's whole filament list: gaps between used ids are filled with PLA, as a project would have. */
function projectSettings(file: SlicedFile): string {
  const used = new Map(file.plates.flatMap((plate) => plate.filaments.map((f) => [f.id, f] as const)));
  const count = Math.max(1, ...used.keys());
  const filaments = Array.from({ length: count }, (_, i) => used.get(i + 1));
  const nozzle = file.nozzle ?? '0.4';
  const model = file.model === undefined ? 'BL-P001' : file.model;
  const printer = model === null ? 'Bambu Lab X1 Carbon' : (MODEL_NAMES[model] ?? model);
  return JSON.stringify(
    {
      curr_bed_type: 'Textured PEI Plate',
      filament_colour: filaments.map((f) => f?.color ?? '#FFFFFF'),
      filament_density: filaments.map(() => '1.24'),
      filament_ids: filaments.map((f) => f?.infoIdx ?? 'GFL99'),
      filament_settings_id: filaments.map((f) => `Generic ${f?.type ?? 'PLA'}`),
      filament_type: filaments.map((f) => f?.type ?? 'PLA'),
      layer_height: '0.2',
      ...(nozzle.includes(',') ? { physical_extruder_map: ['1', '0'] } : {}),
      nozzle_diameter: nozzle.split(','),
      printable_height: '250',
      printer_model: printer,
      printer_settings_id: `${printer} ${nozzle.split(',')[0]} nozzle`,
      printer_variant: nozzle.split(',')[0],
      version: '02.04.00.70',
    },
    null,
    4,
  );
}

function plateDetails(plate: SlicedPlate, file: SlicedFile): string {
  return JSON.stringify({
    bbox_all: [81, 81, 99, 99],
    bbox_objects: (plate.objects ?? [{ id: 69 + plate.index, name: 'Cube' }]).map((object) => ({
      area: 324,
      bbox: [81, 81, 99, 99],
      id: object.id + 30,
      layer_height: 0.2,
      name: object.name,
    })),
    bed_type: 'textured_plate',
    filament_colors: plate.filaments.map((f) => f.color),
    filament_ids: plate.filaments.map((f) => f.id - 1),
    first_extruder: 0,
    is_seq_print: false,
    nozzle_diameter: Number((file.nozzle ?? '0.4').split(',')[0]),
    version: 2,
  });
}

function plateRelations(file: SlicedFile): string {
  return relationships(
    file.plates.map((plate) => [
      `/Metadata/plate_${plate.index}.gcode`,
      'http://schemas.bambulab.com/package/2021/gcode',
    ]),
  );
}

function packageRelations(file: SlicedFile): string {
  const first = file.plates[0]?.index ?? 1;
  return relationships([
    ['/3D/3dmodel.model', 'http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel'],
    [
      `/Metadata/plate_${first}.png`,
      'http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail',
    ],
  ]);
}

function relationships(targets: readonly (readonly [target: string, type: string])[]): string {
  const lines = targets.map(
    ([target, type], i) => ` <Relationship Target="${target}" Id="rel-${i + 1}" Type="${type}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
${lines.join('\n')}
</Relationships>`;
}

/** A square of one colour per plate, so that tests can tell previews apart. */
function plateImage(seed: number, side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.alloc(1 + side * 3, (seed * 47) % 256);
  row[0] = 0;
  const pixels = Buffer.concat(Array.from({ length: side }, () => row));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
 <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
 <Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
 <Default Extension="png" ContentType="image/png"/>
 <Default Extension="gcode" ContentType="text/x.gcode"/>
</Types>`;

const MODEL_STUB = `<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
 <metadata name="Application">BambuStudio-02.04.00.70</metadata>
 <metadata name="Title">Fixture</metadata>
 <resources/>
 <build/>
</model>`;
