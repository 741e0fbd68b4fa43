/** The page. */
import { useEffect, useRef } from 'preact/hooks';
import { chooseScenario, compareWithArm, KEYS, showHelp } from './actions.js';
import { AgentPanels } from './agents.js';
import { compare, compareGroups } from './compare.js';
import { DepthMap } from './depth-map.js';
import { startRun } from './feed.js';
import { Figures } from './figures.js';
import { decimal, integer } from './format.js';
import { Ladder } from './ladder.js';
import { LatencyMap } from './latency-map.js';
import { Panel } from './panel.js';
import { LatencyPanel, MarketPanels, ThroughputPanel } from './panels.js';
import { Percentiles } from './percentiles.js';
import { Scrubber } from './scrubber.js';
import {
  against,
  againstId,
  beat,
  compared,
  connection,
  form,
  hello,
  isComparing,
  isHelpOpen,
  panel,
  run,
  runId,
  runs,
  said,
  shown,
  speedOf,
} from './state.js';
import { Tape } from './tape.js';
import { armText, Toolbar } from './toolbar.js';

/** The page. */
export function App() {
  const isStale = connection.value.status !== 'open';
  return (
    <div class={`page ${isStale ? 'is-stale' : ''} ${panel.value === null ? '' : 'has-large'}`}>
      <Toolbar />
      <Notice />
      {runId.value === null ? (
        <Empty />
      ) : (
        <main>
          <Figures />
          {run.value?.failure ? (
            <p class="failure" role="alert">
              The run failed: {run.value.failure}
            </p>
          ) : null}
          <div class="desk">
            <div class="stage">
              <DepthMap />
              <Scrubber />
            </div>
            <div class="side">
              <Ladder />
              <Tape />
            </div>
            {isComparing.value ? <ComparisonPanel /> : null}
            <div class="charts">
              <MarketPanels />
              <LatencyPanel />
              <LatencyMap />
              <Percentiles />
              <ThroughputPanel />
              <AgentPanels />
            </div>
          </div>
        </main>
      )}
      <Said />
      {isHelpOpen.value ? <Help /> : null}
    </div>
  );
}

/** What stands between the page and its server. */
function Notice() {
  const now = connection.value;
  if (now.status === 'open') return null;
  const text =
    now.status === 'connecting'
      ? 'Connecting …'
      : now.status === 'refused'
        ? 'The server was started anew and does not know this page. Open the address that it printed.'
        : `The connection to the server was lost. Trying again every ${now.retryMs / 1000} s; what is shown is old.`;
  return (
    <div class={`notice is-${now.status}`} role="status" data-notice={now.status}>
      {text}
    </div>
  );
}

/** Nothing runs: what could. */
function Empty() {
  const scenarios = hello.value?.scenarios ?? [];
  return (
    <main class="empty">
      <h1>Nothing runs yet</h1>
      <p>
        Choose a market to watch. It runs in the Rust core at the speed you choose; pause, step and compare at any time.
      </p>
      <ul>
        {scenarios.map((s) => (
          <li key={s.name}>
            <h2>{s.title}</h2>
            <code>
              {s.name}
              {s.agents === 0 ? '' : ` · ${integer(s.agents)} ${s.agents === 1 ? 'agent' : 'agents'}`}
              {s.arms !== null && s.books > 1 ? ` · ${s.books} venues` : ''}
            </code>
            <p>{s.purpose}</p>
            <button
              type="button"
              class="primary"
              disabled={connection.value.status !== 'open'}
              onClick={() => {
                chooseScenario(s.name);
                void startRun({ scenario: s.name, book: 0, speed: speedOf(form.value.speed) });
              }}
            >
              Start<span class="sr"> {s.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}

/** Two runs in figures. */
function ComparisonPanel() {
  beat.value;
  const [mine, theirs] = [shown(), compared()];
  const [a, b] = [run.value, against.value];
  const isReady = mine !== undefined && theirs !== undefined && a !== undefined && b !== undefined;
  const groups = (a?.tracks ?? []).flatMap(({ group, isMember }, first) => {
    const second = b?.tracks.findIndex((track) => track.group === group && !track.isMember) ?? -1;
    return isMember || second < 0 ? [] : [{ name: group, first, second }];
  });
  const rows = isReady
    ? [...compare(mine.columns, theirs.columns), ...compareGroups(mine.columns, theirs.columns, groups)]
    : [];
  const arms = (a !== undefined && hello.value?.scenarios.find((s) => s.name === a.scenario)?.arms) || [];
  const name = (info: typeof a): string =>
    info === undefined ? '' : `#${info.id} ${info.scenario}${armText(info.arm)}, seed ${info.seed}`;
  const show = (value: number, digits: number): string => decimal(value, digits);
  return (
    <Panel
      title="Comparison"
      className="comparison"
      summary={() =>
        isReady
          ? `Comparison of run ${a.id} with run ${b.id}: ${rows.map((r) => `${r.name} ${r.verdict}`).join(', ')}.`
          : 'Comparison: no second run is chosen.'
      }
      legend={
        <>
          <span class="note">{isReady ? 'second less first, 95 % interval from 20 batches' : ''}</span>
          {arms
            .filter((arm) => arm !== a?.arm && !(b?.scenario === a?.scenario && arm === b?.arm))
            .map((arm) => (
              <button
                key={arm}
                type="button"
                title={`Start the arm “${arm}” with the same seed beside this run`}
                onClick={() => void compareWithArm(arm)}
              >
                + {arm}
              </button>
            ))}
        </>
      }
    >
      {isReady ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        <section class="scroll" tabIndex={0} aria-label="Comparison, table">
          <table>
            <thead>
              <tr>
                <th scope="col">Mean over the run</th>
                <th scope="col">{name(a)}</th>
                <th scope="col">{name(b)}</th>
                <th scope="col">difference</th>
                <th scope="col">second is</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <tr key={r.name}>
                  <th scope="row">
                    {r.name} <span class="dim">{r.unit}</span>
                  </th>
                  <td>{show(r.a, r.digits)}</td>
                  <td>{show(r.b, r.digits)}</td>
                  <td>
                    {r.delta > 0 ? '+' : ''}
                    {show(r.delta, r.digits)}
                    {r.margin === null ? '' : ` ± ${show(r.margin, r.digits)}`}
                  </td>
                  <td class={`verdict is-${r.verdict.replaceAll(' ', '-')}`}>{r.verdict}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : (
        <p class="hint">
          {runs.value.length < 2
            ? 'Start a second run, with another seed or scenario, to compare with.'
            : againstId.value === null
              ? 'Choose a run to compare with, above.'
              : 'Loading …'}
        </p>
      )}
    </Panel>
  );
}

/** The last message: shown for a while, read out once. */
function Said() {
  beat.value;
  const { text, isError, at } = said.value;
  const isShown = text !== '' && Date.now() - at < (isError ? 8000 : 3000);
  return (
    <div
      class={`said ${isShown ? 'is-shown' : ''} ${isError ? 'is-error' : ''}`}
      role={isError ? 'alert' : 'status'}
      aria-live={isError ? 'assertive' : 'polite'}
    >
      {isShown ? text : ''}
    </div>
  );
}

/** Every key. */
function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current!.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => showHelp(false)}>
      <h2 id="help-title">Keys</h2>
      <div class="keys">
        {KEYS.map(({ group, keys }) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {keys.map((key) => (
                <div key={key.shown}>
                  <dt>
                    <kbd>{key.shown}</kbd>
                  </dt>
                  <dd>{key.what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p>
        Over a chart: wheel zooms, drag chooses a part, Shift-drag or the middle button moves, a click puts the
        playhead, a double click shows the whole run. Over the depth map Shift-wheel zooms the prices.
      </p>
      <form method="dialog">
        <button type="submit" class="primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
