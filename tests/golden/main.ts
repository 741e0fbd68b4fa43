/** `npm run golden`: writes tests/golden/simulations.json anew. Say in the commit why the events changed. */
import { writeFileSync } from 'node:fs';
import { goldenConfigs, goldenFile, goldenRun } from './golden.js';

const runs = [];
for (const config of goldenConfigs()) runs.push(await goldenRun(config));
writeFileSync(goldenFile, `${JSON.stringify({ regenerate: 'npm run golden', runs }, null, 2)}\n`);
console.log(`${goldenFile}: ${runs.length} runs`);
