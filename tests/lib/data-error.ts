/** A data file that is not what its format says. */

/** Names the place (file, or file and line), what was expected there and what came. */
export class DataError extends Error {
  override readonly name = 'DataError';
  readonly where: string;
  readonly expected: string;
  readonly got: string;

  constructor(where: string, expected: string, got: string) {
    super(`${where}: expected ${expected}, got ${got}`);
    this.where = where;
    this.expected = expected;
    this.got = got;
  }
}
