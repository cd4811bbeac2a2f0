import type { MaintenanceTrigger } from '../contract/enums.js';

/** A piece of upkeep that the daemon recommends. */
export interface RecommendedItem {
  /** Stays, whatever the item is called. */
  readonly key: string;
  readonly name: string;
  readonly triggerType: MaintenanceTrigger;
  readonly interval: number;
  readonly notes: string;
  /** Codes of the models that it is for. */
  readonly models: readonly string[];
}

/** Carbon rods carry the head. */
const CARBON_RODS = ['BL-P001', 'BL-P002', 'C13', 'C11', 'C12'];
/** Rods of steel or rails carry it: they want grease. */
const STEEL_GUIDES = ['N7', 'N1', 'N2S', 'N9', 'O1D', 'O1E', 'O1S', 'O1C2', 'N6'];
const ALL = [...CARBON_RODS, ...STEEL_GUIDES];
/** They come with an AMS lite, which is open and holds no desiccant. */
const OPEN_AMS = ['N1', 'N2S', 'N9'];

/**
 * What keeps printers printing. Our own round figures for machines that run all day, to be adjusted by whoever knows the
 * machines; what belongs to which model follows from how its head is guided.
 */
export const RECOMMENDED_ITEMS: readonly RecommendedItem[] = [
  {
    key: 'clean-carbon-rods',
    name: 'Clean carbon rods',
    triggerType: 'print_hours',
    interval: 150,
    notes: 'Wipe the rods with a cloth and alcohol. Never grease or oil them.',
    models: CARBON_RODS,
  },
  {
    key: 'lubricate-x',
    name: 'Lubricate X axis',
    triggerType: 'print_hours',
    interval: 300,
    notes: 'Wipe the guide of the head, then a thin film of the maker’s oil or grease.',
    models: STEEL_GUIDES,
  },
  {
    key: 'lubricate-y',
    name: 'Lubricate Y axis',
    triggerType: 'print_hours',
    interval: 300,
    notes: 'Wipe the guides, then a thin film of the maker’s oil or grease.',
    models: STEEL_GUIDES,
  },
  {
    key: 'lubricate-z',
    name: 'Lubricate Z axis',
    triggerType: 'print_hours',
    interval: 600,
    notes: 'Wipe the lead screws, then grease them and move the bed or gantry from end to end.',
    models: ALL,
  },
  {
    key: 'belt-tension',
    name: 'Check belt tension',
    triggerType: 'print_hours',
    interval: 1_000,
    notes: 'Tighten by the maker’s steps, then calibrate the vibration anew.',
    models: ALL,
  },
  {
    key: 'nozzle-wipe',
    name: 'Clean nozzle',
    triggerType: 'job_count',
    interval: 100,
    notes: 'Heat the nozzle and brush it; look for leaks around the heater block.',
    models: ALL,
  },
  {
    key: 'nozzle-replace',
    name: 'Replace nozzle',
    triggerType: 'print_hours',
    interval: 1_500,
    notes: 'Sooner with filaments that hold fibres, glitter or glow.',
    models: ALL,
  },
  {
    key: 'ams-desiccant',
    name: 'Replace AMS desiccant',
    triggerType: 'calendar_days',
    interval: 60,
    notes: 'Dry it or put in fresh bags; sooner where the humidity shown rises.',
    models: ALL.filter((code) => !OPEN_AMS.includes(code)),
  },
  {
    key: 'purge-wiper',
    name: 'Check purge wiper',
    triggerType: 'job_count',
    interval: 200,
    notes: 'Replace it when it is worn or bent; empty the chute.',
    models: ALL,
  },
];
