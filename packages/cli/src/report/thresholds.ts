/** `--threshold 'p99<2us'`: what a figure must be for the report to pass. */
import { usageError } from '../errors.js';
import { nearest } from '../suggest.js';
import type { Figure } from './document.js';

/** A threshold as it was typed, and what it means. */
export interface Threshold {
  readonly text: string;
  readonly key: string;
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly value: number;
}

const factors: Readonly<Record<string, number>> = {
  '': 1,
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  '%': 0.01,
};

/** Reads `figure operator value unit`. */
export function parseThreshold(text: string): Threshold {
  const match = /^\s*([\w.-]+)\s*(<=|>=|<|>)\s*(-?[\d._]+(?:e[+-]?\d+)?)\s*([a-zµ%]*)(?:\/s)?\s*$/i.exec(text);
  const factor = match === null ? undefined : factors[match[4]!.toLowerCase()];
  const value = Number(match?.[3]?.replaceAll('_', ''));
  if (match === null || factor === undefined || Number.isNaN(value)) {
    throw usageError(`--threshold: expected FIGURE<VALUE, got "${text}"`, [
      "for example --threshold 'p99<2us' or --threshold 'throughput>=5M'",
    ]);
  }
  return { text: text.trim(), key: match[1]!, operator: match[2] as Threshold['operator'], value: value * factor };
}

/** The figures with the thresholds that they are held against. */
export function applyThresholds(figures: readonly Figure[], thresholds: readonly Threshold[]): Figure[] {
  const keys = figures.map(({ key }) => key);
  for (const { key, text } of thresholds) {
    if (keys.includes(key)) continue;
    const guess = nearest(key, keys);
    throw usageError(`--threshold ${text}: there is no figure ${key}`, [
      guess === undefined ? `there are: ${keys.join(', ')}` : `did you mean ${guess}? There are: ${keys.join(', ')}`,
    ]);
  }
  return figures.map((figure) => {
    const own = thresholds.filter(({ key }) => key === figure.key);
    if (own.length === 0) return figure;
    const holds = own.every((threshold) => holdsFor(threshold, figure.value));
    return { ...figure, threshold: { text: own.map(({ text }) => text).join(', '), holds } };
  });
}

function holdsFor({ operator, value }: Threshold, got: number): boolean {
  switch (operator) {
    case '<':
      return got < value;
    case '<=':
      return got <= value;
    case '>':
      return got > value;
    case '>=':
      return got >= value;
  }
}
