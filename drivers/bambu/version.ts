import { type JsonObject, readObjects, readText } from './coerce.js';
import { type BambuModel, MODELS } from './models.js';
import type { AmsKind } from './report-ams.js';

/** What the list of firmware modules tells (docs/protocol.md §1). */
export interface VersionInfo {
  readonly firmware: string | null;
  /** By the product's name. */
  readonly model: BambuModel | null;
  /** By the parts of firmware that names no product; less certain than an announced code. */
  readonly likelyModel: BambuModel | null;
  readonly amsKinds: ReadonlyMap<number, AmsKind>;
}

/** @param info the `info` part of a `get_version` reply */
export function readVersion(info: JsonObject): VersionInfo {
  const modules = readObjects(info.module);
  const main = modules.find((module) => readText(module.name) === 'ota');
  return {
    firmware: readText(main?.sw_ver) || null,
    model: modelByProduct(readText(main?.product_name)),
    likelyModel: modelByHints(modules),
    amsKinds: readAmsKinds(modules),
  };
}

/** Spellings of one product differ in case, blanks and hyphens. */
function plain(product: string): string {
  return product.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const byProduct = new Map(
  MODELS.flatMap((model) => [model.productName, model.name].map((product) => [plain(product), model])),
);

function modelByProduct(product: string): BambuModel | null {
  return byProduct.get(plain(product)) ?? null;
}

const MAINBOARD = /^AP0\d/;

/** Older firmware names no product: the mainboard and the project give it away. */
function modelByHints(modules: readonly JsonObject[]): BambuModel | null {
  const board = modules.find((module) => MAINBOARD.test(readText(module.hw_ver)));
  if (board === undefined) return null;
  const hardware = readText(board.hw_ver);
  const project = readText(board.project_name);
  const matches = MODELS.filter(({ moduleHint }) => {
    if (moduleHint === null) return false;
    const { hardware: wantedHardware, project: wantedProject } = moduleHint;
    return (
      (wantedHardware === null || wantedHardware === hardware) &&
      (wantedProject === null || wantedProject === project)
    );
  });
  return matches.length === 1 ? (matches[0] ?? null) : null;
}

const KIND_BY_MODULE: Readonly<Record<string, AmsKind>> = {
  ams: 'ams',
  ams_f1: 'ams-lite',
  n3f: 'ams-2-pro',
  n3s: 'ams-ht',
};

function readAmsKinds(modules: readonly JsonObject[]): ReadonlyMap<number, AmsKind> {
  const kinds = new Map<number, AmsKind>();
  for (const module of modules) {
    const [name = '', unit = ''] = readText(module.name).split('/');
    const kind = Object.hasOwn(KIND_BY_MODULE, name) ? KIND_BY_MODULE[name] : undefined;
    if (kind !== undefined && /^\d{1,3}$/.test(unit)) kinds.set(Number(unit), kind);
  }
  return kinds;
}
