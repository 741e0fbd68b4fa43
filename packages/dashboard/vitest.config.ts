import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'dashboard',
    // Processes, threads and a browser on a machine that may be busy: time is given, and a second try.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 2,
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
  },
});
