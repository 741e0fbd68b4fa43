/** How far a run was at which time: what its speed over time is drawn from. */

/** Collects points; when there are too many, every second one goes. */
export class Timeline {
  readonly #began = performance.now();
  readonly #points: [ms: number, done: number][] = [[0, 0]];
  #every = 1;
  #seen = 0;

  /** Notes that `done` is done by now. */
  note(done: number): void {
    this.#seen += 1;
    if (this.#seen % this.#every !== 0 || done <= this.#points.at(-1)![1]) return;
    this.#points.push([Math.round((performance.now() - this.#began) * 10) / 10, done]);
    if (this.#points.length < pointsMax) return;
    const kept = this.#points.filter((_, i) => i % 2 === 0);
    this.#points.splice(0, this.#points.length, ...kept);
    this.#every *= 2;
  }

  get points(): readonly (readonly [ms: number, done: number])[] {
    return this.#points;
  }
}

const pointsMax = 512;
