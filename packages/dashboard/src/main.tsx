/** Begins: the page, its colours, the connection, the keyboard and the painting. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { listenToKeys } from './actions.js';
import { App } from './app.js';
import { keepColors } from './colors.js';
import { connect } from './feed.js';
import { markUrgent } from './paint.js';
import {
  beat,
  chosenView,
  data,
  form,
  frozenNs,
  hello,
  keepAddress,
  playheadNs,
  prices,
  run,
  runId,
  shown,
  stats,
  view,
} from './state.js';
import './style.css';

/** How often what Preact shows is looked at again, ms. */
const BEAT_MS = 250;

declare global {
  interface Window {
    /** For tests and measurements. */
    __toprung: { stats(): Record<string, unknown> };
  }
}

keepColors();
keepAddress();
render(<App />, document.getElementById('app')!);
listenToKeys();
connect();
setInterval(() => {
  if (!document.hidden) beat.value += 1;
}, BEAT_MS);

effect(() => {
  const first = hello.value?.scenarios[0]?.name;
  if (form.value.scenario === '' && first !== undefined) form.value = { ...form.value, scenario: first };
});
effect(() => {
  const info = run.value;
  document.title = info === undefined ? 'toprung' : `${info.scenario} #${info.id} · toprung`;
});
effect(() => {
  void [chosenView.value, frozenNs.value, playheadNs.value, prices.value];
  markUrgent();
});
addEventListener('visibilitychange', markUrgent);

window.__toprung = {
  stats: () => {
    const of = shown();
    return {
      ...stats,
      run: runId.value,
      columns: of?.columns.length ?? 0,
      merges: of?.columns.merges ?? 0,
      trades: of?.trades.next ?? 0,
      endNs: of?.endNs ?? 0,
      phase: of?.state?.phase ?? null,
      events: of?.state?.events ?? 0,
      view: view.value,
      playheadNs: playheadNs.value,
      frozenNs: frozenNs.value,
      marks: of?.marks.length ?? 0,
      accounts: of?.accounts?.accounts.length ?? 0,
      own: of?.accounts?.own.length ?? 0,
      runsHeld: data.size,
    };
  },
};
