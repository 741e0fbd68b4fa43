import { defineConfig } from 'vitest/config';

/** Benchmarks only: `npm run bench -- vitest`. */
export default defineConfig({ test: { include: [], benchmark: { include: ['node/*.bench.ts'] } } });
