/** Closed word lists of the contract. */
export const PART_TYPES = [
  'scad',
  'cadquery',
  'build123d',
  'stl',
  'step',
  '3mf',
  'gcode3mf',
  'gcode',
] as const;

export const FOLDER_TYPES = ['part', 'sku'] as const;

export const SKU_FILTER_MODES = ['inclusion', 'exclusion'] as const;
export const SKU_PROPERTY_TYPES = ['text', 'material', 'plate_quantities'] as const;

export const PRINTER_PROVIDERS = ['OctoPrint', 'Prusa', 'Bambu', 'Klipper'] as const;
export const COMM_METHODS = ['bambu-global-mqtt', 'bambu-cloud-v2', 'octoprint-mqtt', 'fuse'] as const;
export const INTEGRATION_TYPES = ['bambulab', 'etsy', 'shopify', 'ebay', 'tiktok-shop'] as const;

/** Where orders and customers come from. */
export const ORDER_SOURCES = ['etsy', 'shopify', 'manual', 'ebay', 'tiktok-shop'] as const;
export const ORDER_STATUSES = ['open', 'closed'] as const;
export const PROCESSED_STATUSES = ['unprocessed', 'processed'] as const;
/** Why an item of an order has no SKU. */
export const RESOLUTION_TYPES = ['variant_enrichment_failed', 'sku_not_found', 'ambiguous_match'] as const;

export const BED_TYPES = [
  'Cool Plate',
  'Engineering Plate',
  'High Temp Plate',
  'Textured PEI Plate',
  'Supertack Plate',
] as const;

export const JOB_STATUSES = [
  'pending',
  'assigned',
  'slicing',
  'sliced',
  'finalizing',
  'waiting-for-approval',
  'ready-for-printer',
  'sending-to-printer',
  'printing',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const BUILD_STATUSES = [
  'pending',
  'building',
  'queued',
  'fulfilling',
  'preparing',
  'sending-to-printer',
  'printing',
  'success',
  'error',
  'cancelled',
] as const;
export type BuildStatus = (typeof BUILD_STATUSES)[number];

export const BUILD_PRINT_STATUSES = ['pending', 'printing', 'success', 'error', 'cancelled'] as const;
export type BuildPrintStatus = (typeof BUILD_PRINT_STATUSES)[number];

export const SKU_BUILD_STATUSES = ['pending', 'running', 'success', 'error', 'cancelled'] as const;
export type SkuBuildStatus = (typeof SKU_BUILD_STATUSES)[number];

export const BUILDERS = ['slic3r', 'openscad', 'cadquery'] as const;
export const BUILD_STEP_STATUSES = [
  'pending',
  'running',
  'success',
  'error',
  'cancelled',
  'cached',
  'force_running',
] as const;

/** Shops whose listings a SKU may stand for. */
export const EXTERNAL_PROVIDERS = ['etsy', 'shopify'] as const;
export const COST_TYPES = ['material', 'labor', 'overhead'] as const;

export const PRIORITIES = [100, 1000] as const;
/** 100 is normal, 1000 is low. */
export type Priority = (typeof PRIORITIES)[number];

export const POSITIONS = ['front', 'back'] as const;

export const TAG_KEYS = [
  'printer.provider',
  'printer.id',
  'printer.nozzleDiameter',
  'printer.modelName',
  'filament.type',
  'user.tags',
] as const;

/** What stands in place of every secret in every answer; written back it means "unchanged". */
export const MASK = '********';

export const PROFILE_TYPES = ['process', 'filament', 'machine'] as const;
export type ProfileType = (typeof PROFILE_TYPES)[number];
export const PROFILE_SOURCES = ['manual', 'bambu-account'] as const;

export const SLICERS = ['orcaslicer', 'bambu-studio', 'prusaslicer', 'superslicer'] as const;
export type Slicer = (typeof SLICERS)[number];
export const SLICER_JOB_STATUSES = ['queued', 'slicing', 'completed', 'failed'] as const;
export const SLICER_OUTPUT_FORMATS = ['3mf', 'gcode'] as const;

export const MAINTENANCE_TRIGGERS = ['print_hours', 'calendar_days', 'job_count'] as const;
export type MaintenanceTrigger = (typeof MAINTENANCE_TRIGGERS)[number];
export const MAINTENANCE_STATUSES = ['OK', 'DUE_SOON', 'OVERDUE'] as const;
export type MaintenanceStatus = (typeof MAINTENANCE_STATUSES)[number];
