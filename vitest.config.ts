import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const reports = process.env.VITEST_JSON_DIR;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**', 'node_modules/**'],
    testTimeout: 25_000,
    hookTimeout: 25_000,
    // Two workers: sockets, TLS handshakes and child processes share two cores with the tests themselves.
    maxWorkers: 2,
    pool: 'forks',
    reporters: reports ? ['default', ['json', { outputFile: join(reports, 'tests.json') }]] : ['default'],
  },
});
