import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const reports = process.env.VITEST_JSON_DIR;

/** Tests against other people's programs, which npm does not bring: see .ci/run for what to install. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    pool: 'forks',
    reporters: reports ? ['default', ['json', { outputFile: join(reports, 'peers.json') }]] : ['default'],
  },
});
