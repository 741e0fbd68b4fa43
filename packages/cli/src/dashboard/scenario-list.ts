/** What can be started by name: simulations, and the arms of markets of agents. */
import { catalogue, scenarios } from 'toprung';
import type { ScenarioInfo } from './protocol.js';
import type { RunRequest } from './runs.js';

/** How long somebody wants to look, s. */
const WATCHED_S = 60;

/** Simulated per wall-clock time at which a market of this length is over in about a minute: 1, 2 or 5 times a power of ten. */
export function watchingSpeed(durationNs: number): number {
  const wanted = Math.max(1, durationNs / 1e9 / WATCHED_S);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5].map((m) => m * power).find((speed) => speed >= wanted) ?? 10 * power;
}

/** A scenario by name: a simulation, or an arm of a market of agents. */
export function requestOf(name: string, arm?: string): Pick<RunRequest, 'scenario' | 'config' | 'arm'> {
  const market = catalogue.list().find((scenario) => scenario.name === name);
  // Where both have a name it is the simulation's.
  if (market === undefined || (arm === undefined && scenarios.list().some((scenario) => scenario.name === name))) {
    const scenario = scenarios.get(name);
    return { scenario, config: scenario.config };
  }
  return { scenario: market, config: catalogue.arm(name, arm), arm: arm ?? 'treatment' };
}

let infos: ScenarioInfo[] | undefined;

/** Every scenario as the page offers it: markets of agents first, since there is more to see. */
export function scenarioInfos(): ScenarioInfo[] {
  const books = scenarios.list();
  infos ??= [
    ...catalogue
      .list()
      .filter(({ name }) => !books.some((scenario) => scenario.name === name))
      .map(({ name, title, purpose, lookAt, arms }): ScenarioInfo => {
        const { venues, durationNs } = catalogue.arm(name);
        const speed = watchingSpeed(durationNs);
        return { name, title, purpose, lookAt, books: venues.length, arms: Object.keys(arms), speed };
      }),
    ...books.map(
      ({ name, title, purpose, lookAt, config }): ScenarioInfo => ({
        name,
        title,
        purpose,
        lookAt,
        books: config.books,
        arms: null,
        speed: 1,
      }),
    ),
  ];
  return infos;
}
