// Writes the generated parts of docs/orders.md and of the pages in docs/orders: the truth table as `toprung orders` has
// it, and what the venue answers to the example of each page, which is run for it. `--check` only says whether they are
// current.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { eventWords } from './lib/event-words.mjs';
import { regenerate, table, toprung } from './lib/generated.mjs';
import { root } from './lib/workspace.mjs';

const { Venue } = await import(path.join(root, 'packages/toprung/dist/index.js'));

const pages = readdirSync(path.join(root, 'docs/orders')).map((name) => `docs/orders/${name}`);

regenerate(['docs/orders.md', ...pages.sort()], 'gen-order-docs.mjs', (what, page, at) => {
  if (what === 'table') return truthTable();
  if (what !== 'events') return undefined;
  // The example is the last block of TypeScript before its events.
  const code = [...page.slice(0, at).matchAll(/```ts\n([\s\S]*?)```/g)].at(-1)?.[1];
  return `\`\`\`text\n${run(code).join('\n')}\n\`\`\``;
});

function truthTable() {
  const { phases, rows } = JSON.parse(toprung(['orders', '--json']));
  const words = ({ order, timesInForce, answers }) => [
    order,
    timesInForce.join(', '),
    ...phases.map((p) => answers[p]),
  ];
  return table([['order', 'time in force', ...phases.map((p) => p.replaceAll('-', ' '))], ...rows.map(words)]);
}

/** Runs an example, in which `Venue` writes down what each call answers; gives lines of it. */
function run(code) {
  const lines = [];
  const note = (method, args, events) => {
    const [first] = args;
    const about = first?.entry?.id ?? first?.id ?? (typeof first === 'object' || first === undefined ? '' : first);
    const label = `${method} ${about}`.trim();
    lines.push(...events.map((e, i) => `${(i === 0 ? label : '').padEnd(28)}${eventWords(e)}`.trimEnd()));
  };
  const handler = {
    get(venue, name) {
      const value = venue[name];
      if (typeof value !== 'function') return value;
      return (...args) => {
        const answer = value.apply(venue, args);
        if (Array.isArray(answer) && answer.every((e) => 'kind' in e && 'command' in e)) note(name, args, answer);
        return answer;
      };
    },
  };
  const Recorded = new Proxy(Venue, { construct: (_, [config]) => new Proxy(new Venue(config), handler) });
  const program = code.replace(/^import .*\n/gm, '');
  new Function('Venue', program)(Recorded);
  return lines;
}
