/** Figures with their unit, as reports show them. */
import { compact, decimal, duration, integer } from '../format.js';
import type { Comparison, Unit } from './document.js';

/** A value in its unit: `1.20 µs`, `12.3 M/s`, `3.41 ticks`. */
export function show(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return 'n/a';
  if (typeof unit === 'object') return `${digits(value)} ${unit.suffix}`;
  switch (unit) {
    case 'ns':
      return duration(value);
    case 'per second':
      return `${compact(rounded(value))}/s`;
    case 'count':
      return Math.abs(value) < 1e6 ? integer(value) : compact(value);
    case 'share':
      return `${(100 * value).toFixed(1)} %`;
    case 'ratio':
      return digits(value);
    default:
      return `${digits(value)} ${unit}`;
  }
}

/** A relative difference: `+3.1 %`. */
export function showChange(value: number): string {
  const percent = 100 * value;
  const text = Math.abs(percent) >= 100 ? percent.toFixed(0) : percent.toFixed(1);
  return `${percent >= 0 ? '+' : '−'}${text.replace('-', '')} %`;
}

/** A comparison in a few words. */
export function changeText({ difference, verdict }: Comparison): string {
  if (verdict === 'same') return 'the same events';
  if (difference === null) return verdict;
  return `${showChange(difference)}, ${verdict}`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return decimal(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4);
}

function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : value;
}
