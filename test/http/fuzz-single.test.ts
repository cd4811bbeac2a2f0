import { describe } from 'vitest';
import { fuzzOperations } from '../fuzz/suite.js';

describe('operations that read what their path names', () => {
  fuzzOperations(['GET'], /\{/);
});
