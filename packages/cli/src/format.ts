/** Figures as people read them. Every function takes plain numbers with their unit in the name. */

/** An integer with thousands separators: `1,234,567`. */
export function integer(value: number | bigint): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A number with fixed decimals and thousands separators. */
export function decimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant figures with a letter: `12.3 M`, `850 K`, `42`. */
export function compact(value: number): string {
  for (const [limit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'K'],
  ] as const) {
    if (Math.abs(value) >= limit * 0.9995) return `${significant(value / limit)} ${letter}`;
  }
  return Number.isInteger(value) ? String(value) : significant(value);
}

/** A duration: `250 ns`, `1.20 µs`, `3.4 ms`, `12.1 s`, `2m05s`, `1h44m`. */
export function duration(ns: number): string {
  if (!Number.isFinite(ns)) return 'n/a';
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${significant(ns / 1e3)} µs`;
  if (ns < 1e9) return `${significant(ns / 1e6)} ms`;
  const seconds = ns / 1e9;
  if (seconds < 60) return `${significant(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two((whole % 3600) / 60)}m`;
}

/** A share of a whole: `42.0 %`. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? 'n/a' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** Bytes: `1.50 MiB`. */
export function bytes(value: number): string {
  for (const [limit, unit] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const) {
    if (value >= limit) return `${significant(value / limit)} ${unit}`;
  }
  return `${value} B`;
}

/** Columns aligned by spaces; the columns named in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function significant(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
