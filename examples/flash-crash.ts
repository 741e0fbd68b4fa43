/** A flash crash while it happens: who sold, when trading paused, who holds what. `npm run demo` shows it in a browser. */
// #region flash-crash
import { setTimeout as wait } from 'node:timers/promises';
import { catalogue, LiveMarket, type LiveState } from 'toprung';

export async function flashCrash() {
  const session = new LiveMarket(catalogue.arm('flash-crash'));
  const until = async (holds: (state: LiveState) => boolean): Promise<LiveState> => {
    for (;;) {
      const state = session.state();
      if (holds(state)) return state;
      await wait(5);
    }
  };
  session.run(); // or run(100): a hundred simulated seconds a second
  const end = await until((state) => state.phase === 'complete');
  const groups = session.tracks.map(({ group }, t) => ({ group, ...session.accounts()[t]! }));
  const story = session.marks().filter((m) => ['starts', 'phase'].includes(m.mark));
  return { digest: session.digest(), lastPrice: end.lastPrice, groups, story };
}
// #endregion flash-crash
