/** The loop of a learning agent: a hundred books, one call a step, a policy that reads the mask. */
// #region gym
import { ENV_ACTIONS, VectorEnv } from 'toprung';

export function gymLoop(steps: number) {
  const env = new VectorEnv({
    market: {
      durationNs: 2e9,
      venues: [{ flow: { model: 'santa-fe', limitRate: 10, marketRate: 100, cancelRate: 5, windowTicks: 16 } }],
      agents: [{ name: 'learner', kind: 'outside', params: { everyNs: 10e6 } }],
    },
    group: 'learner',
    books: 100,
    warmupNs: 1e9,
  });
  const rows = env.books * env.agents;
  const actions = new Int32Array(rows * env.actionLength);
  const kinds = ENV_ACTIONS.length;
  let [reward, episodes] = [0, 0];
  for (let step = 0; step < steps; step++) {
    for (let row = 0; row < rows; row++) {
      // Somebody else's policy goes here. This one takes turns among what is allowed.
      let kind = (row + step) % kinds;
      while (env.mask[row * kinds + kind] === 0) kind = (kind + 1) % kinds;
      actions[3 * row] = kind;
      actions[3 * row + 1] = 0;
      actions[3 * row + 2] = 1;
    }
    env.step(actions);
    for (let row = 0; row < rows; row++) reward += env.rewards[row]!;
    for (let book = 0; book < env.books; book++) episodes += env.done[book]!;
  }
  return { reward, episodes, invalid: env.invalidActions };
}
// #endregion gym
