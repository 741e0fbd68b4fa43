/** Paths as callers give them. */
import { fileURLToPath } from 'node:url';
import { ToprungError } from './errors.js';

/** The path of a file or folder. @throws ToprungError `ERR_TOPRUNG_ARGUMENT`, naming the argument */
export function toPath(argument: string, value: string | URL): string {
  if (value instanceof URL) return fileURLToPath(value);
  if (typeof value === 'string' && value !== '') return value;
  throw new ToprungError(
    'ERR_TOPRUNG_ARGUMENT',
    `${argument}: expected a path or a file URL, got ${JSON.stringify(value) ?? typeof value}`,
    { path: argument },
  );
}
