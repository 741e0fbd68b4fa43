/** The version of the command, which is the version of everything in the repository. */
import { readFileSync } from 'node:fs';

/** As in package.json. */
export function version(): string {
  const manifest = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
