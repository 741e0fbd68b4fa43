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

/** Every scenario as the page offers it: markets first, those with agents before those without. */
export function scenarioInfos(): ScenarioInfo[] {
  const books = scenarios.list();
  infos ??= [
    ...catalogue
      .list()
      .filter(({ name }) => !books.some((scenario) => scenario.name === name))
      .map(({ name, title, purpose, lookAt, arms }): ScenarioInfo => {
        const { venues, agents, durationNs } = catalogue.arm(name);
        const speed = watchingSpeed(durationNs);
        const count = agents.reduce((sum, group) => sum + group.count, 0);
        return { name, title, purpose, lookAt, books: venues.length, arms: Object.keys(arms), agents: count, speed };
      })
      // Stable: otherwise in the order in which they should be read.
      .sort((a, b) => Number(b.agents > 0) - Number(a.agents > 0)),
    ...books.map(
      ({ name, title, purpose, lookAt, config }): ScenarioInfo => ({
        name,
        title,
        purpose,
        lookAt,
        books: config.books,
        arms: null,
        agents: 0,
        speed: 1,
      }),
    ),
  ];
  return infos;
}
