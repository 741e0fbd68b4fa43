/** Marks in words, whose a fill was, and groups compared. */
import { describe, expect, it } from 'vitest';
import { COLUMN_WIDTH, ColumnStore } from '../../cli/src/dashboard/columns.js';
import type { Mark, RunInfo } from '../../cli/src/dashboard/protocol.js';
import { compareGroups } from '../src/compare.js';
import { isOfMarket, markedOf, marksText, markText, phaseAt, trackName, whose } from '../src/marks.js';

const tracks = [
  { group: 'noise', first: 0, count: 1000, isMember: false },
  { group: 'makers', first: 1000, count: 2, isMember: false },
  { group: 'makers', first: 1000, count: 1, isMember: true },
  { group: 'makers', first: 1001, count: 1, isMember: true },
];
const info = { tracks } as RunInfo;
const mark = (name: Mark['mark'], timeNs = 0, value = 0): Mark => ({ mark: name, timeNs, value });

describe('marks', () => {
  it('are words that a person understands', () => {
    const texts = [
      mark('running', 0, Number.POSITIVE_INFINITY),
      mark('starts', 0, 1),
      mark('ends', 0, 9),
      mark('shock', 0, -50),
      mark('phase', 0, 3),
      mark('phase', 0, 2),
      mark('retuned'),
      mark('complete'),
    ].map((m) => markText(m, info));
    expect(texts).toEqual([
      '▶ max',
      'makers starts',
      'group 9 stops',
      'shock −50 ticks',
      'volatility interruption',
      'continuous trading',
      'flow changes',
      'complete',
    ]);
  });

  it('tell the phase of a market, whatever its user did meanwhile', () => {
    const marks = [
      mark('measuring'),
      mark('shock', 5, 1),
      mark('paused', 7),
      mark('phase', 9, 4),
      mark('phase', 14, 2),
    ];
    expect(marks.filter(isOfMarket)).toHaveLength(3);
    expect([4, 5, 8, 13, 20].map((t) => phaseAt(marks, t)?.mark)).toEqual([
      undefined,
      'shock',
      'shock',
      'phase',
      'phase',
    ]);
    expect(marksText(marks, info, [4, 20], String)).toBe('shock +1 ticks at 5, halt from 9 to 14');
    expect(marksText(marks, info, [5, 11], String)).toBe('halt from 9');
    expect(marksText(marks, info, [10, 20], String)).toBe('halt from 9 to 14');
    expect(marksText(marks, info, [14, 20], String)).toBe('');
  });

  it('are spans where they have an end: phases that are not continuous trading, groups that come and go', () => {
    const marks = [
      mark('phase', 0, 1),
      mark('phase', 5, 2),
      mark('starts', 6, 1),
      mark('starts', 7, 0),
      mark('paused', 8),
      mark('ends', 9, 1),
      mark('ends', 9, 8),
      mark('phase', 20, 5),
      mark('phase', 25, 6),
    ];
    const of = (until: number) =>
      markedOf(marks, info, until).map(({ kind, text, from, to }) => [kind, text, from, to]);
    expect(of(30)).toEqual([
      ['phase', 'opening auction', 0, 5],
      ['group', 'makers', 6, 9],
      ['starts', 'noise starts', 7, undefined],
      ['ends', 'group 8 stops', 9, undefined],
      ['phase', 'closing auction', 20, 25],
      ['phase', 'closed', 25, 30],
    ]);
    // Nothing is known of what comes later.
    expect(of(8)).toEqual([
      ['phase', 'opening auction', 0, 5],
      ['starts', 'makers starts', 6, undefined],
      ['starts', 'noise starts', 7, undefined],
    ]);
  });

  it('name groups, their members, and whose a fill was', () => {
    expect(tracks.map((track) => trackName(track, info))).toEqual(['noise', 'makers', 'makers 1', 'makers 2']);
    expect([0, 1, 1000, 1001, 1002, 2000].map((n) => whose(n, info))).toEqual([
      'flow',
      'noise',
      'noise',
      'makers',
      'makers',
      'agent 1999',
    ]);
  });
});

describe('groups of two runs', () => {
  const run = (rows: number[][]): ColumnStore => {
    const store = new ColumnStore();
    store.follow(rows[0]!.length / 2);
    for (const row of rows) {
      const numbers = new Float64Array(COLUMN_WIDTH + row.length);
      numbers.set(row, COLUMN_WIDTH);
      store.appendNumbers(numbers);
    }
    return store;
  };

  it('are compared at their ends, without an interval', () => {
    const a = run([
      [1, 2, 3, 4],
      [5, -10, 0, 7],
    ]);
    const b = run([[0, 7, 5, -3]]);
    const rows = compareGroups(a, b, [
      { name: 'makers', first: 0, second: 1 },
      { name: 'noise', first: 1, second: 0 },
    ]);
    expect(rows.map(({ name, delta, margin, verdict }) => [name, delta, margin, verdict])).toEqual([
      ['makers: position now', 0, null, 'equal'],
      ['makers: P&L now', 7, null, 'higher'],
      ['noise: position now', 0, null, 'equal'],
      ['noise: P&L now', 0, null, 'equal'],
    ]);
    const nothing = compareGroups(new ColumnStore(), b, [{ name: 'makers', first: 0, second: 0 }]);
    expect(nothing.map(({ verdict }) => verdict)).toEqual(['too little data', 'too little data']);
  });
});
