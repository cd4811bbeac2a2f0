/** What Home Assistant is told of a printer besides its stats. */
export interface PrinterFace {
  readonly printerId: string;
  readonly name: string;
  readonly manufacturer: string;
  /** Null while it is not known. */
  readonly model: string | null;
  readonly serial: string;
  readonly hasChamberTemp: boolean;
}

/** Where Home Assistant reads the printer's stats. */
export interface StatsPlace {
  readonly statsTopic: string;
  /** Where is said whether the daemon is there, `online` or `offline`; null where its broker goes with it. */
  readonly statusTopic: string | null;
}

/** Where the device of a printer is announced; the level of the store keeps farms on one broker apart. */
export function discoveryTopic(prefix: string, storeId: string, printerId: string): string {
  return `${prefix}/device/${storeId}/${printerId}/config`;
}

/** A place in a stat as the templates of Home Assistant name it: what is not there is None, which reads as unknown. */
function place(...keys: readonly [string, ...string[]]): string {
  const last = keys.length - 1;
  return `value_json${keys.map((key, at) => (at === last ? `.get('${key}')` : `.get('${key}', {})`)).join('')}`;
}

const value = (...keys: readonly [string, ...string[]]) => `{{ ${place(...keys)} }}`;
/** States of Home Assistant have 255 characters at most. */
const words = (...keys: readonly [string, ...string[]]) => `{{ (${place(...keys)} or 'none')[:255] }}`;
const choice = (yes: string, no: string, ...keys: readonly [string, ...string[]]) =>
  `{{ '${yes}' if ${place(...keys)} else '${no}' }}`;

interface Reading {
  readonly name: string;
  readonly p: 'sensor' | 'binary_sensor';
  readonly value_template: string;
  readonly device_class?: string;
  readonly unit_of_measurement?: string;
  readonly state_class?: 'measurement';
  readonly icon?: string;
  readonly entity_category?: 'diagnostic';
  readonly json_attributes_template?: string;
}

const number = { p: 'sensor', state_class: 'measurement' } as const;
const degrees = { ...number, device_class: 'temperature', unit_of_measurement: '°C' } as const;

/** What a printer shows there; the keys stay, for Home Assistant knows the entities by them. */
const READINGS = {
  state: { p: 'sensor', name: 'State', icon: 'mdi:printer-3d', value_template: words('state') },
  online: {
    p: 'binary_sensor',
    name: 'Online',
    device_class: 'connectivity',
    entity_category: 'diagnostic',
    value_template: choice('ON', 'OFF', 'isOnline'),
  },
  ready: {
    p: 'binary_sensor',
    name: 'Ready for a job',
    icon: 'mdi:printer-3d-nozzle',
    value_template: choice('ON', 'OFF', 'isAvailable'),
  },
  problem: {
    p: 'binary_sensor',
    name: 'Problem',
    device_class: 'problem',
    value_template: choice('ON', 'OFF', 'data', 'health', 'errors'),
    json_attributes_template: `{{ ${place('data', 'health')} | tojson }}`,
  },
  progress: {
    ...number,
    name: 'Progress',
    unit_of_measurement: '%',
    icon: 'mdi:progress-clock',
    value_template: value('data', 'print', 'percent'),
  },
  time_remaining: {
    ...number,
    name: 'Time remaining',
    device_class: 'duration',
    unit_of_measurement: 'min',
    value_template: value('data', 'print', 'timeRemaining'),
  },
  layer: {
    ...number,
    name: 'Layer',
    icon: 'mdi:layers',
    value_template: value('data', 'print', 'currentLayer'),
  },
  layers: {
    ...number,
    name: 'Layers',
    icon: 'mdi:layers-triple',
    value_template: value('data', 'print', 'totalLayers'),
  },
  task: {
    p: 'sensor',
    name: 'Task',
    icon: 'mdi:file-cad-box',
    value_template: words('data', 'print', 'taskName'),
  },
  error: {
    p: 'sensor',
    name: 'Error code',
    icon: 'mdi:alert-circle-outline',
    entity_category: 'diagnostic',
    value_template: words('data', 'print', 'errorCode'),
  },
  nozzle: { ...degrees, name: 'Nozzle temperature', value_template: value('data', 'temps', 'nozzleTemp') },
  bed: { ...degrees, name: 'Bed temperature', value_template: value('data', 'temps', 'bedTemp') },
  chamber: { ...degrees, name: 'Chamber temperature', value_template: value('data', 'temps', 'chamberTemp') },
} satisfies Readonly<Record<string, Reading>>;

/** Stats are repeated every 30 seconds: who misses three of them knows nothing any more. */
const EXPIRE_AFTER_SECONDS = 90;

/**
 * The announcement of one device with all that it shows, in Home Assistant's own form for that (device-based MQTT
 * discovery). While the printer is offline only `online` has a value.
 */
export function discoveryText(
  { printerId, name, manufacturer, model, serial, hasChamberTemp }: PrinterFace,
  { statsTopic, statusTopic }: StatsPlace,
  version: string,
): string {
  const status = statusTopic === null ? [] : [{ topic: statusTopic }];
  const heard = { topic: statsTopic, value_template: "{{ 'online' }}" };
  const components = Object.entries<Reading>(READINGS)
    .filter(([key]) => hasChamberTemp || key !== 'chamber')
    .map(([key, reading]) => [
      key,
      {
        ...reading,
        unique_id: `printfarmd_${printerId}_${key}`,
        expire_after: EXPIRE_AFTER_SECONDS,
        ...(reading.json_attributes_template === undefined ? {} : { json_attributes_topic: statsTopic }),
        ...(key === 'online' ? { availability: [heard, ...status] } : {}),
      },
    ]);
  return JSON.stringify({
    dev: {
      ids: [`printfarmd_${printerId}`],
      name,
      mf: manufacturer,
      ...(model === null ? {} : { mdl: model }),
      sn: serial,
    },
    o: { name: 'printfarmd', sw: version },
    state_topic: statsTopic,
    availability_mode: 'all',
    availability: [{ topic: statsTopic, value_template: choice('online', 'offline', 'isOnline') }, ...status],
    cmps: Object.fromEntries(components),
  });
}
