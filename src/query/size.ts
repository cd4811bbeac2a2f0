import { ApiError } from '../contract/errors.js';
import { type Condition, LIMITS } from './condition.js';

/** Refuses what the database could not take in one statement. @throws ApiError validation_failed */
export function refuseHuge(filter: Condition): void {
  const size = { nodes: 0, conditions: 0, values: 0 };
  weigh(filter, size);
  const over =
    size.conditions > LIMITS.maxConditions
      ? `${LIMITS.maxConditions} conditions`
      : size.nodes > 2 * LIMITS.maxConditions
        ? `${2 * LIMITS.maxConditions} groups and conditions`
        : size.values > LIMITS.maxValues
          ? `${LIMITS.maxValues} values`
          : null;
  if (over === null) return;
  throw new ApiError('validation_failed', `The filter has more than ${over}; ask in smaller steps`);
}

function weigh(condition: Condition, size: { nodes: number; conditions: number; values: number }): void {
  size.nodes += 1;
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const part of condition.of) weigh(part, size);
      return;
    case 'not':
      weigh(condition.of, size);
      return;
    case 'field':
      size.conditions += 1;
      size.values += countValues(condition.value);
  }
}

function countValues(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  // A JSON array literal: its commas say how long it can be at most.
  return typeof value === 'string' && value.startsWith('[') ? value.split(',').length : 1;
}
