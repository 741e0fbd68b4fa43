import { defineConfig } from 'vitest/config';

/** One run over every member that has tests; `vitest run --project cli` picks one. */
export default defineConfig({
  test: {
    projects: ['packages/toprung', 'packages/cli', 'packages/dashboard', 'tests', 'examples'],
  },
});
