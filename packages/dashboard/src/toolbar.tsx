/** The bar on top: what runs, and how it is controlled. */
import { isOver } from '../../cli/src/dashboard/protocol.js';
import {
  armsOf,
  changeTheme,
  chooseScenario,
  freeze,
  otherBook,
  pauseOrRun,
  SPEEDS,
  setSpeed,
  showHelp,
  start,
  step,
  stop,
  toggleComparison,
} from './actions.js';
import { compareWith, showRun } from './feed.js';
import { speedText } from './format.js';
import {
  againstId,
  beat,
  connection,
  form,
  frozenNs,
  hello,
  isComparing,
  run,
  runId,
  runs,
  shown,
  stats,
  theme,
} from './state.js';

/** No news for so long of a run that should move is a sign that something is wrong, ms. */
const STALE_MS = 2000;

/** The bar. */
export function Toolbar() {
  return (
    <header class="toolbar">
      <a class="brand" href="/" aria-label="toprung, start over">
        <img src="/icon.svg" alt="" width="22" height="22" /> toprung
      </a>
      <StartForm />
      <Transport />
      <span class="spring" />
      <RunPicker />
      <button
        type="button"
        aria-pressed={isComparing.value}
        onClick={toggleComparison}
        title="Compare with another run (C)"
      >
        Compare
      </button>
      <Status />
      <button type="button" class="icon" onClick={changeTheme} title="Theme (T)">
        {{ auto: '◐', dark: '☾', light: '☀' }[theme.value]}
        <span class="sr">Theme: {theme.value}</span>
      </button>
      <button type="button" class="icon" onClick={() => showHelp(true)} title="Keys (?)">
        ?<span class="sr">Keys</span>
      </button>
    </header>
  );
}

function StartForm() {
  const { scenario, seed, arm } = form.value;
  const scenarios = hello.value?.scenarios ?? [];
  const arms = armsOf(scenario);
  return (
    <form
      class="start"
      onSubmit={(e) => {
        e.preventDefault();
        start();
      }}
    >
      <label>
        <span class="sr">Scenario</span>
        <select
          value={scenario}
          disabled={scenarios.length === 0}
          title={scenarios.find((s) => s.name === scenario)?.title}
          onChange={(e) => chooseScenario(e.currentTarget.value)}
        >
          {(
            [
              ['Markets of agents', scenarios.filter((s) => s.arms !== null)],
              ['Books', scenarios.filter((s) => s.arms === null)],
            ] as const
          ).map(([label, list]) => (
            <optgroup key={label} label={label}>
              {list.map((s) => (
                <option key={s.name} value={s.name}>
                  {s.name}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      {arms.length === 0 ? null : (
        <label>
          <span class="sr">Arm</span>
          <select
            class="arm"
            value={arm}
            title="What is different: the arms of a scenario have the same random numbers"
            onChange={(e) => {
              form.value = { ...form.value, arm: e.currentTarget.value };
            }}
          >
            {arms.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        <span class="dim">seed</span>
        <input
          class="seed"
          type="number"
          min="0"
          step="1"
          placeholder="1"
          value={seed}
          onInput={(e) => {
            form.value = { ...form.value, seed: e.currentTarget.value };
          }}
        />
      </label>
      <button
        type="submit"
        class="primary"
        disabled={connection.value.status !== 'open' || scenario === ''}
        title="Start a run (N)"
      >
        Start
      </button>
    </form>
  );
}

function Transport() {
  beat.value;
  const info = run.value;
  const state = shown()?.state;
  const phase = state?.phase ?? info?.phase;
  const isDone = phase === undefined || isOver(phase);
  const isPaused = phase === 'paused';
  return (
    <fieldset class="transport" aria-label="The run">
      <button type="button" onClick={pauseOrRun} disabled={isDone} title="Pause or go on (Space)">
        {isPaused ? '▶ Run' : '❚❚ Pause'}
      </button>
      <button type="button" onClick={() => step()} disabled={isDone} title="One command further (.)">
        Step
      </button>
      <button type="button" onClick={stop} disabled={isDone} title="Stop for good (K)">
        ■ Stop
      </button>
      <button
        type="button"
        onClick={freeze}
        disabled={info === undefined}
        aria-pressed={frozenNs.value !== null}
        title="Freeze the screen (X)"
      >
        Freeze
      </button>
      <label>
        <span class="dim">speed</span>
        <select
          value={form.value.speed}
          onChange={(e) => setSpeed(e.currentTarget.value)}
          title="Simulated per real time (↑ ↓)"
        >
          {[...new Set([...SPEEDS, form.value.speed])].map((s) => (
            <option key={s} value={s}>
              {s === 'max' ? 'max' : `${s}×`}
            </option>
          ))}
        </select>
      </label>
      {info !== undefined && info.books > 1 ? (
        <label>
          <span class="dim">{info.arm === null ? 'book' : 'venue'}</span>
          <input
            key={info.id}
            class="book"
            type="number"
            min="0"
            max={info.books - 1}
            defaultValue={String(info.book)}
            title={`0 to ${info.books - 1} (B)`}
            onChange={(e) => otherBook(Number(e.currentTarget.value))}
          />
        </label>
      ) : null}
    </fieldset>
  );
}

function RunPicker() {
  const list = runs.value;
  if (list.length === 0) return null;
  const options = (none: boolean) => [
    ...(none
      ? [
          <option key="none" value="">
            none
          </option>,
        ]
      : []),
    ...list
      .filter((r) => !none || r.id !== runId.value)
      .map((r) => (
        <option key={r.id} value={r.id}>
          #{r.id} {r.scenario}
          {armText(r.arm)} · seed {r.seed}
          {r.books > 1 ? ` · ${r.arm === null ? 'book' : 'venue'} ${r.book}` : ''} · {r.phase}
        </option>
      )),
  ];
  return (
    <>
      <label>
        <span class="dim">run</span>
        <select class="runs" value={String(runId.value ?? '')} onChange={(e) => showRun(Number(e.currentTarget.value))}>
          {options(false)}
        </select>
      </label>
      {isComparing.value ? (
        <label>
          <span class="dim">against</span>
          <select
            class="runs"
            value={String(againstId.value ?? '')}
            onChange={(e) => compareWith(e.currentTarget.value === '' ? null : Number(e.currentTarget.value))}
          >
            {options(true)}
          </select>
        </label>
      ) : null}
    </>
  );
}

/** The arm of a run where it is not the scenario itself. */
export function armText(arm: string | null): string {
  return arm === null || arm === 'treatment' ? '' : `:${arm}`;
}

/** Connection and phase in one word, with a colour and a shape. */
function Status() {
  beat.value;
  const [kind, text, title] = statusOf();
  return (
    <span class={`status is-${kind}`} title={title} data-status={kind}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function statusOf(): [kind: string, text: string, title: string] {
  const { status } = connection.value;
  if (status === 'connecting') return ['waiting', 'connecting', 'The page is connecting to the server'];
  if (status === 'lost') return ['error', 'connection lost', 'The page tries to connect again'];
  if (status === 'refused') return ['error', 'not let in', 'The server was started anew'];
  const data = shown();
  if (data?.state === undefined) return ['idle', runs.value.length === 0 ? 'no run' : 'loading', 'Connected'];
  const { phase, speed, lateNs } = data.state;
  const silent = performance.now() - data.heardMs;
  if (phase === 'running' && silent > STALE_MS) {
    return ['stale', `stale ${Math.round(silent / 1000)} s`, 'Nothing came for a while although the run should move'];
  }
  if (phase === 'running' && stats.lagMs > STALE_MS) return ['stale', 'behind', `${stats.dropped} frames were dropped`];
  if (phase === 'running' && lateNs > 100e6)
    return ['late', `late at ${speedText(speed)}`, 'The machine cannot run as fast as asked'];
  if (phase === 'running') return ['running', `running ${speedText(speed)}`, 'Connected'];
  return [phase === 'failed' ? 'error' : phase === 'paused' ? 'paused' : 'idle', phase, 'Connected'];
}
