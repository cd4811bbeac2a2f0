import type { MatchChannel } from './input.js';
import type { PreparedJob, UsableSlot } from './prepare.js';
import type { ChannelMapping, ComputedAssignment, SlotRef } from './result.js';

/** One entry per filament index of the file, from 0 to the last; those the plate does not use are skipped. */
export function channelMapping(job: PreparedJob, slots: readonly UsableSlot[]): ChannelMapping[] {
  const byIndex = new Map(job.demands.map((demand, at) => [demand.channel.index, slots[at]]));
  const last = Math.max(-1, ...job.job.channels.map((channel) => channel.index));
  return Array.from({ length: last + 1 }, (_, index) => {
    const chosen = byIndex.get(index);
    return chosen === undefined ? { index, skip: true } : mapChannel(index, chosen);
  });
}

function mapChannel(index: number, chosen: UsableSlot): ChannelMapping {
  const { slot } = chosen;
  return {
    index,
    amsIndex: slot.amsIndex,
    slotIndex: slot.slotIndex,
    tray: slot.tray,
    unitId: slot.unitId,
    external: slot.external,
    extruder: slot.extruder,
    type: slot.assigned?.type ?? slot.type,
    color: slot.assigned?.color ?? slot.color,
    name: slot.assigned?.name ?? slot.type,
    materialId: chosen.materialId,
    variantId: chosen.variantId,
    profile: slot.profile,
  };
}

export function slotRef(slot: SlotRef): SlotRef {
  return { amsIndex: slot.amsIndex, slotIndex: slot.slotIndex };
}

/** The demand of every needed channel in the contract's form; null when the part is gone. */
export function computedAssignments(
  job: PreparedJob,
): Readonly<Record<string, readonly ComputedAssignment[]>> | null {
  const { partId } = job.job;
  if (partId === null) return null;
  return Object.fromEntries(
    job.demands.map(({ channel }) => [String(channel.index), computed(channel, partId)]),
  );
}

function computed(channel: MatchChannel, partId: string): ComputedAssignment[] {
  const bare = channel.type === '' ? [] : [{ materialType: channel.type }];
  const alternatives = channel.alternatives.length === 0 ? bare : channel.alternatives;
  return alternatives.map((alternative, priority) => ({
    partId,
    index: channel.index,
    priority,
    materialId: 'materialId' in alternative ? alternative.materialId : null,
    variantId: 'variantId' in alternative ? alternative.variantId : null,
    materialType: 'materialType' in alternative ? alternative.materialType : null,
    groupId: 'groupId' in alternative ? alternative.groupId : null,
  }));
}
