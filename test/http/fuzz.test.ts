import { describe } from 'vitest';
import { fuzzOperations } from '../fuzz/suite.js';

describe('operations that list', () => {
  fuzzOperations(['GET'], /^[^{]*$/);
});
