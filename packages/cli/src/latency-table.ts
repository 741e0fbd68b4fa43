/** How long commands took, by kind, as a table that a person reads. */
import type { LatencyByKind } from 'toprung';
import { duration, integer, table } from './format.js';

/** A heading and a line for each kind that was timed; nothing where none was. `note` says which commands were. */
export function latencyTable(byKind: LatencyByKind | null, note: string): string[] {
  const kinds = Object.entries(byKind ?? {});
  if (kinds.length === 0) return [];
  const rows = kinds.map(([kind, l]) => [
    `  ${kind}`,
    integer(l.count),
    ...[l.p50Ns, l.p99Ns, l.p999Ns, l.maxNs].map(duration),
  ]);
  const heading = ['  time of a', 'timed', 'p50', 'p99', 'p99.9', 'longest'];
  const clock = duration(kinds[0]![1].clockOverheadNs);
  return [...table([heading, ...rows], new Set([1, 2, 3, 4, 5])), `  (${note}; the clock's own ${clock} included)`];
}
