import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const reports = process.env.VITEST_JSON_DIR;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**', 'node_modules/**'],
    testTimeout: 25_000,
    hookTimeout: 25_000,
    // Three workers for two cores: much of what is tested is a wait for a printer or another process.
    maxWorkers: 3,
    pool: 'forks',
    // Files of one worker share their modules, which hold no state; loading them anew would be a fifth of the suite.
    isolate: false,
    reporters: reports ? ['default', ['json', { outputFile: join(reports, 'tests.json') }]] : ['default'],
  },
});
