import { z } from 'zod';
import { PROFILE_TYPES } from '../../contract/enums.js';
import { answered } from '../../resources/answered.js';
import { profile } from '../../resources/index.js';
import { record } from '../../resources/shapes.js';
import { notYet } from '../not-yet.js';
import type { Operation } from '../operation.js';
import { id, noParams } from '../schemas.js';

/** A profile of the store, or by its number one of the slicer's own. */
const anyProfile = z.object({
  id: z.union([id, z.string().regex(/^\d{1,15}$/, 'an id, or the number of a system profile')]),
});

const parsedProfile = z
  .object({
    name: z.string().min(1).max(1024),
    type: z.enum(PROFILE_TYPES),
    data: record,
    inherits: z.string().max(1024).optional(),
    compatiblePrinters: z.array(z.string()).max(10_000).optional(),
    filamentType: z.string().max(255).optional(),
    filamentVendor: z.string().max(255).optional(),
    color: z.string().max(255).optional(),
  })
  .meta({ id: 'ParsedProfileData' });

const importData = z
  .object({
    profiles: z.array(parsedProfile).max(10_000),
    createMaterials: z.boolean(),
    overwriteExisting: z.boolean(),
    materialIdentifiers: z.array(z.string()).max(10_000).optional(),
    filamentProfilesForMaterials: z.array(parsedProfile).max(10_000).optional(),
  })
  .meta({ id: 'ProfileImportDataBody' });

const systemProfile = z
  .object({
    id: z.int(),
    vendorId: z.int(),
    name: z.string(),
    type: z.enum(PROFILE_TYPES),
    shown: z.boolean(),
    compatibilityList: z.string(),
    data: record,
    machineVariant: z.string().nullable(),
    machineModel: z.string().nullable(),
  })
  .meta({ id: 'SlicerConfig' });

function compatibleProfiles(): z.ZodType {
  const list = z
    .object({ system: z.array(systemProfile), user: z.array(answered(profile)) })
    .meta({ id: 'CompatibleProfileList' });
  return z.object({ machine: list, filament: list, process: list }).meta({ id: 'CompatibleProfiles' });
}

const previewItem = z
  .object({
    name: z.string(),
    type: z.enum(PROFILE_TYPES),
    inherits: z.string().optional(),
    filamentType: z.string().optional(),
    filamentVendor: z.string().optional(),
    color: z.string().optional(),
    existsInStore: z.boolean(),
  })
  .meta({ id: 'ProfilePreviewItem' });

const preview = z
  .object({
    bundleType: z.enum(['printer', 'filament', 'presets']),
    profiles: z.object({
      machine: z.array(previewItem),
      filament: z.array(previewItem),
      process: z.array(previewItem),
    }),
    totalCount: z.int(),
  })
  .meta({ id: 'ProfilePreviewResult' });

const imported = z
  .object({
    profiles: z.object({
      created: z.array(z.string()),
      updated: z.array(z.string()),
      skipped: z.array(z.string()),
    }),
    materials: z.object({ created: z.array(z.string()) }).optional(),
  })
  .meta({ id: 'ProfileImportResult' });

const view = z
  .object({
    merged: record,
    ownKeys: z.array(z.string()),
    inheritedKeys: z.array(z.string()),
    inheritsFrom: z.string().nullable(),
  })
  .meta({ id: 'ProfileWithInheritance' });

/** What needs the slicers' own profiles, or a slicer: declared whole, and answered 501. */
export function laterProfileOperations(): Operation[] {
  const reading = { method: 'GET', status: 200, permissions: ['profile.view'], body: null } as const;
  const making = { method: 'POST', status: 201, permissions: ['profile.create'], params: noParams } as const;
  return [
    notYet({
      ...reading,
      id: 'profiles.compatibleWithPrinter',
      path: '/v1/profiles/compatible/{id}',
      summary: 'List the profiles that fit a printer',
      params: z.object({ id }),
      answer: compatibleProfiles,
    }),
    notYet({
      ...reading,
      id: 'profiles.compatible',
      path: '/v1/profiles/compatible/{machineModel}/{nozzleDiameter}',
      summary: 'List the profiles that fit a printer model with a nozzle',
      params: z.object({
        machineModel: z.string().min(1).max(255),
        nozzleDiameter: z.string().min(1).max(255),
      }),
      answer: compatibleProfiles,
    }),
    notYet({
      ...reading,
      id: 'profiles.full',
      path: '/v1/profiles/{id}/full',
      summary: 'Read a profile with all that it inherits',
      params: anyProfile,
      query: () => z.object({ version: z.string().optional() }),
      answer: () => record,
    }),
    notYet({
      ...reading,
      id: 'profiles.view',
      path: '/v1/profiles/{id}/view',
      summary: 'Read a profile with all that it inherits, and what of it is its own',
      params: anyProfile,
      query: () => z.object({ version: z.string().optional(), slicerEngine: z.string().optional() }),
      answer: () => view,
    }),
    notYet({
      ...making,
      id: 'profiles.preview',
      path: '/v1/profiles/preview',
      summary: 'Look into a file of profiles',
      body: null,
      form: true,
      answer: () => preview,
    }),
    notYet({
      ...making,
      id: 'profiles.import',
      path: '/v1/profiles/import',
      summary: 'Take profiles from a file',
      body: null,
      form: true,
      answer: () => imported,
    }),
    notYet({
      ...making,
      id: 'profiles.importData',
      path: '/v1/profiles/import-data',
      summary: 'Take profiles that were read from a file already',
      body: importData,
      answer: () => imported,
    }),
  ];
}
