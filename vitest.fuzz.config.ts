import { defineConfig } from 'vitest/config';

/** The same tests as in the suite with ten times the requests; `FUZZ_SEED` repeats a run. */
export default defineConfig({
  test: {
    include: ['test/http/fuzz*.test.ts'],
    env: { FUZZ_VALID: '50', FUZZ_INVALID: '200' },
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
