import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**', 'node_modules/**'],
    testTimeout: 25_000,
    hookTimeout: 25_000,
    // Two workers: sockets, TLS handshakes and child processes share two cores with the tests themselves.
    maxWorkers: 2,
    pool: 'forks',
  },
});
