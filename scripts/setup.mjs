// `npm run setup`: packages, native addon, TypeScript. `npm run build` does the same again from scratch (--force).
import { ensureReady } from './lib/ready.mjs';

await ensureReady({ force: process.argv.includes('--force') });
console.error('toprung: ready. `npm start` runs a market, `npm test` runs every test.');
