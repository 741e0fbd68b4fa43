/** Small pure parts of the command: suggestions, figures, colour, the progress line. */
import { expect, describe as group, test } from 'vitest';
import { bytes, compact, decimal, duration, integer, percent, table } from '../src/format.js';
import { describe } from '../src/progress.js';
import { editDistance, nearest } from '../src/suggest.js';
import { wantsColor } from '../src/terminal.js';

group('suggestions', () => {
  test('insertions, deletions, substitutions and swaps cost one each', () => {
    expect(editDistance('seed', 'sed')).toBe(1);
    expect(editDistance('sede', 'seed')).toBe(1);
    expect(editDistance('seat', 'seed')).toBe(2);
    expect(editDistance('', 'seed')).toBe(4);
  });

  test('a mistyped word finds the one that was meant', () => {
    const commands = ['simulate', 'replay', 'validate', 'calibrate', 'journal', 'scenarios', 'doctor'];
    expect(nearest('simluate', commands)).toBe('simulate');
    expect(nearest('scenario', commands)).toBe('scenarios');
    expect(nearest('sim', commands)).toBe('simulate');
    expect(nearest('sed', ['set', 'seed'])).toBe('seed');
  });

  test('a word that is near to nothing gets no suggestion', () => {
    expect(nearest('xyzzy', ['simulate', 'replay'])).toBeUndefined();
    expect(nearest('se', ['events', 'books'])).toBeUndefined();
  });
});

group('figures', () => {
  test('counts keep three significant figures', () => {
    expect([0, 42, 999, 1000, 12_345, 999_960, 13_040_000, 2.5e9].map(compact)).toEqual([
      '0',
      '42',
      '999',
      '1.00 K',
      '12.3 K',
      '1.00 M',
      '13.0 M',
      '2.50 G',
    ]); // prettier-ignore
  });

  test('durations take the unit that fits', () => {
    expect([45, 1234, 3_400_000, 12.1e9, 125e9, 6250e9].map(duration)).toEqual([
      '45 ns',
      '1.23 µs',
      '3.40 ms',
      '12.1 s',
      '2m05s',
      '1h44m',
    ]);
  });

  test('what cannot be divided is n/a', () => {
    expect(percent(1, 0)).toBe('n/a');
    expect(decimal(Number.NaN, 2)).toBe('n/a');
    expect(percent(1, 4)).toBe('25.0 %');
    expect(integer(1234567)).toBe('1,234,567');
    expect(bytes(3 * 2 ** 20)).toBe('3.00 MiB');
  });

  test('columns are aligned, the named ones to the right', () => {
    expect(
      table(
        [
          ['a', '1', 'x'],
          ['long', '100', ''],
        ],
        new Set([1]),
      ),
    ).toEqual(['a       1  x', 'long  100']); // prettier-ignore
  });
});

group('colour', () => {
  const tty = { isTTY: true };
  test('is on only for a terminal', () => {
    expect(wantsColor(tty, true, {})).toBe(true);
    expect(wantsColor({}, true, {})).toBe(false);
  });

  test('NO_COLOR, TERM=dumb and --no-color turn it off', () => {
    expect(wantsColor(tty, true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColor(tty, true, { NO_COLOR: '' })).toBe(true);
    expect(wantsColor(tty, true, { TERM: 'dumb' })).toBe(false);
    expect(wantsColor(tty, false, { FORCE_COLOR: '1' })).toBe(false);
  });

  test('FORCE_COLOR turns it on without a terminal, and NO_COLOR wins', () => {
    expect(wantsColor({}, true, { FORCE_COLOR: '1' })).toBe(true);
    expect(wantsColor(tty, true, { FORCE_COLOR: '0' })).toBe(false);
    expect(wantsColor({}, true, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });
});

test('the progress line says how far, how fast and how long still', () => {
  expect(describe('simulating', 'events', 4_200_000, 10_000_000, 350)).toBe(
    'simulating  4.20 M of 10.0 M events · 12.0 M/s · 483 ms left',
  );
  expect(describe('simulating', 'events', 4200, 0, 0)).toBe('simulating  4,200 events · 0/s');
});
