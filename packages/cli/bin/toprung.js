#!/usr/bin/env node
// The `toprung` command. Only the node version is checked here, in syntax that old versions can parse.
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`toprung: Node >= 20.19 is needed and this is ${process.versions.node} (https://nodejs.org)`);
  process.exit(2);
}
const { main } = await import('../dist/main.js');
await main(process.argv.slice(2));
