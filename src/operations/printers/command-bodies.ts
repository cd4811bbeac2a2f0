import { z } from 'zod';
import { ids } from '../schemas.js';

/** The commands of the contract. */

const temperature = z.number().min(0).max(300);
const millimetres = z.number().min(-100).max(100);

const setSlotInfo = z.object({
  command: z.literal('set-slot-info'),
  info: z.object({
    amsId: z.number().optional(),
    slotId: z.number(),
    identifier: z.string().max(64).optional(),
    color: z.string().max(16).optional(),
    nozzleTempMin: z.number(),
    nozzleTempMax: z.number(),
    trayType: z.string().max(64),
  }),
});

const command = z.discriminatedUnion('command', [
  setSlotInfo,
  z.object({ command: z.literal('stop') }),
  z.object({ command: z.literal('pause') }),
  z.object({ command: z.literal('resume') }),
  z.object({ command: z.literal('resync-data') }),
  z.object({ command: z.literal('unload-filament') }),
  z.object({
    command: z.literal('load-filament'),
    targetTemp: temperature,
    currentTemp: temperature,
    targetSlot: z.object({ amsIndex: z.number(), slotIndex: z.number() }),
  }),
  z.object({
    command: z.literal('led-control'),
    light: z.enum(['chamber_light', 'working_light']),
    state: z.enum(['on', 'off']),
  }),
  z.object({
    command: z.literal('set-temperature'),
    type: z.enum(['nozzle', 'bed', 'chamber']),
    temperature,
    extruderIndex: z.number().optional(),
  }),
  z.object({ command: z.literal('select-tool'), toolIndex: z.number() }),
  z.object({
    command: z.literal('home-axis'),
    axes: z.object({ x: z.boolean().optional(), y: z.boolean().optional(), z: z.boolean().optional() }),
  }),
  z.object({
    command: z.literal('move-axis'),
    axes: z.object({
      x: millimetres.optional(),
      y: millimetres.optional(),
      z: millimetres.optional(),
      e: millimetres.optional(),
    }),
  }),
  z.object({
    command: z.literal('set-fan'),
    type: z.enum(['part', 'chamber', 'aux']),
    speed: z.number().min(0).max(100),
  }),
  z.object({ command: z.literal('extrude-filament'), amount: z.number() }),
  z.object({ command: z.literal('calibration'), option_value: z.number() }),
  z.object({ command: z.literal('refresh-slot'), amsId: z.number(), slotId: z.number() }),
  z.object({ command: z.literal('skip-objects'), objectIds: z.array(z.number()).max(1_000) }),
]);

export type SentCommand = z.infer<typeof command>;

export const sendCommandRequest = z.object({ command, ids });
