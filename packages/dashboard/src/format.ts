/** Figures as people read them. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** An integer with thousands separators. */
export function integer(value: number): string {
  return grouped.format(value);
}

/** Three significant figures with a letter: `12.3M`. */
export function compact(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  for (const [limit, letter] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (size >= limit * 0.9995) return `${significant(value / limit)}${letter}`;
  }
  return Number.isInteger(value) ? String(value) : significant(value);
}

/** A number with so many decimals. */
export function decimal(value: number, digits: number): string {
  return Number.isFinite(value)
    ? value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : '–';
}

/** A short time: `250 ns`, `1.2 µs`, `3.4 ms`, `12 s`. */
export function duration(ns: number): string {
  if (!Number.isFinite(ns)) return '–';
  const size = Math.abs(ns);
  if (size < 999.5) return `${Math.round(ns)} ns`;
  if (size < 999_500) return `${significant(ns / 1e3)} µs`;
  if (size < 999_500_000) return `${significant(ns / 1e6)} ms`;
  return `${significant(ns / 1e9)} s`;
}

/** A moment of simulated time: `0:04.123`, with as many decimals as `stepNs` needs. */
export function clock(ns: number, stepNs = 1e6): string {
  if (!Number.isFinite(ns)) return '–';
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(Math.max(stepNs, 1)))));
  const unit = 10 ** digits;
  const units = Math.round((Math.abs(ns) / 1e9) * unit);
  const seconds = units / unit;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = (seconds % 60).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  const sign = ns < 0 ? '−' : '';
  return hours > 0 ? `${sign}${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${sign}${minutes}:${rest}`;
}

/** How fast a run is asked to go: `10×` or `max`. */
export function speedText(speed: number): string {
  if (speed === Number.POSITIVE_INFINITY) return 'max';
  return `${speed}×`;
}

function significant(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
