import { z } from 'zod';
import { SLICERS } from '../../contract/enums.js';
import { notFound } from '../../contract/errors.js';
import { BAMBU_VENDOR, modelByCode, PRINTER_MODELS, type PrinterModel } from '../../domain/printer-models.js';
import { SLICER_VERSIONS } from '../../domain/slicer-versions.js';
import { profile, slicerJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { laterProfileOperations } from './later.js';

const printerModel = z
  .object({
    id: z.int(),
    vendorId: z.int(),
    name: z.string(),
    nozzleDiameters: z.array(z.string()),
    modelId: z.string().nullable(),
  })
  .meta({ id: 'PrinterModel' });

const knownVersion = z.object({
  version: z.string(),
  patch: z.string().nullable(),
  slicer: z.enum(SLICERS),
});

const slicerVersion = z
  .object({
    id: z.string(),
    engine: z.enum(SLICERS),
    version: z.string(),
    order: z.int(),
    latest: z.boolean(),
    default: z.boolean(),
  })
  .meta({ id: 'SlicerVersion' });

const reading = { method: 'GET', status: 200, params: noParams, body: null } as const;

/** Slicer profiles, and what is known of printer models and slicers; the rules are in `domain/profiles.ts`. */
export function profileOperations(deps: Deps): Operation[] {
  const { database } = deps;

  const supported = operation({
    ...reading,
    id: 'profiles.supported',
    path: '/v1/profiles/supported',
    summary: 'List the printer models that there are profiles for, with their nozzles',
    permissions: ['profile.view'],
    answer: () =>
      z.array(
        z.object({ name: z.string(), nozzleDiameter: z.array(z.string()) }).meta({ id: 'SupportedPrinter' }),
      ),
    run: async () =>
      PRINTER_MODELS.map(({ name, nozzleDiameters }) => ({ name, nozzleDiameter: nozzleDiameters })),
  });

  const models = operation({
    ...reading,
    id: 'profiles.printerModels',
    path: '/v1/profiles/printer-models',
    summary: 'List every printer model that is known',
    permissions: ['profile.view'],
    answer: () => z.array(printerModel),
    run: async () => PRINTER_MODELS.map(answeredModel),
  });

  const mine = operation({
    ...reading,
    id: 'profiles.myPrinterModels',
    path: '/v1/profiles/my-printer-models',
    summary: 'List the printer models that the printers of the store are of',
    permissions: ['profile.view'],
    answer: () => z.array(printerModel),
    async run(_input, { caller }) {
      const rows = await database.read
        .selectFrom('printer')
        .innerJoin('printerConnection', 'printerConnection.printerId', 'printer.id')
        .select('printerConnection.modelCode')
        .distinct()
        .where('printer.storeId', '=', caller.storeId)
        .execute();
      const found = new Set(
        rows.map(({ modelCode }) => (modelCode === null ? null : modelByCode(modelCode))),
      );
      return PRINTER_MODELS.filter((model) => found.has(model)).map(answeredModel);
    },
  });

  const versions = operation({
    ...reading,
    id: 'profiles.slicerVersions',
    path: '/v1/profiles/slicer-versions',
    summary: 'List the slicers that are known, in each of their versions',
    permissions: ['settings.view'],
    answer: () => z.array(knownVersion),
    run: async () => ALL_VERSIONS,
  });

  const slicers = operation({
    ...reading,
    id: 'settings.slicers',
    path: '/v1/settings/slicers',
    summary: 'List what the setting `slicer` and the `slicerOverride` of a part may name',
    permissions: ['settings.view'],
    answer: () => z.object({ slicerVersions: z.array(slicerVersion) }),
    run: async () => ({ slicerVersions: SLICER_VERSIONS }),
  });

  const versionsOf = operation({
    id: 'profiles.versions',
    method: 'GET',
    path: '/v1/profiles/{id}/versions',
    status: 200,
    summary: 'List the slicer versions that have what a profile begins with',
    permissions: ['profile.view'],
    params: idParam,
    body: null,
    answer: () => z.array(knownVersion),
    async run({ params }, { caller }) {
      const rows = await database.read
        .selectFrom('profile')
        .select(['id', 'name', 'type', 'inherits'])
        .where('storeId', '=', caller.storeId)
        .execute();
      const start = rows.find(({ id }) => id === params.id);
      if (!start) throw notFound(profile.label, params.id);
      const byName = new Map(
        rows.filter(({ type }) => type === start.type).map(({ name, inherits }) => [name, inherits]),
      );
      let root = start.inherits;
      for (let steps = rows.length; byName.has(root) && steps > 0; steps -= 1) root = byName.get(root) ?? '';
      // What begins with a profile of the slicer's own needs that one; none of those are known here.
      return root === '' ? ALL_VERSIONS : [];
    },
  });

  return [
    supported,
    models,
    mine,
    versions,
    slicers,
    versionsOf,
    ...laterProfileOperations(),
    ...standardOperations(profile, deps),
    ...standardOperations(slicerJob, deps),
  ];
}

const ALL_VERSIONS = SLICER_VERSIONS.map(({ engine, version }) => ({ version, patch: null, slicer: engine }));

function answeredModel({ id, name, nozzleDiameters, modelId }: PrinterModel) {
  return { id, vendorId: BAMBU_VENDOR, name, nozzleDiameters, modelId };
}
