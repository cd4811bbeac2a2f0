import { invalidInput } from '../contract/errors.js';
import type { EntityRules } from './rules.js';
import { textOf } from './text.js';

/** A customer can be reached or at least be called something. */
export const customerRules: EntityRules = {
  async write(_tx, values) {
    const named = ['name', 'email', 'phone'].some((name) => textOf(values[name]) !== null);
    if (!named) throw invalidInput([{ path: '$input', expected: 'a name, an email or a phone' }]);
    return { ...values, externalId: textOf(values.externalId), source: values.source ?? 'manual' };
  },
};
