/** Colours: those of the style sheet for canvases, and the colour scales of the maps. */
import { effect, signal } from '@preact/signals';
import { markUrgent } from './paint.js';
import { type HEAT_MAPS, heatMap, theme, tradeColors } from './state.js';

/** The style sheet's colours by name. */
export interface Ink {
  text: string;
  dim: string;
  grid: string;
  panel: string;
  buy: string;
  sell: string;
  mid: string;
  other: string;
  accent: string;
  lines: string[];
}

export const ink = signal<Ink>({
  text: '#fff',
  dim: '#999',
  grid: '#333',
  panel: '#000',
  buy: '#00f',
  sell: '#f80',
  mid: '#fff',
  other: '#c0f',
  accent: '#0ff',
  lines: [],
});

/** Whether the page is dark now. */
export const isDark = signal(true);

/** 256 colours of the map, as canvas pixels (ABGR). */
export const ramp = signal(new Uint32Array(256));

type Stops = readonly (readonly [number, number, number])[];

/** From nothing to most; light pages need light ends. All rise evenly in lightness, so they read without colour, too. */
const MAPS: Readonly<Record<(typeof HEAT_MAPS)[number], { dark: Stops; light: Stops }>> = {
  glow: {
    dark: [
      [11, 16, 27],
      [18, 38, 74],
      [24, 78, 119],
      [34, 128, 141],
      [104, 186, 132],
      [226, 222, 110],
      [255, 250, 225],
    ],
    light: [
      [252, 253, 255],
      [216, 230, 243],
      [150, 198, 217],
      [78, 152, 178],
      [40, 104, 141],
      [28, 62, 108],
      [16, 24, 62],
    ],
  },
  cividis: {
    dark: [
      [0, 22, 46],
      [0, 50, 110],
      [68, 78, 108],
      [124, 123, 120],
      [187, 173, 108],
      [254, 232, 56],
    ],
    light: [
      [255, 253, 240],
      [244, 226, 130],
      [187, 173, 108],
      [124, 123, 120],
      [68, 78, 108],
      [0, 32, 77],
    ],
  },
  grey: {
    dark: [
      [14, 17, 22],
      [255, 255, 255],
    ],
    light: [
      [255, 255, 255],
      [10, 12, 16],
    ],
  },
};

/** Keeps everything in step with the theme and the choices. */
export function keepColors(): void {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const system = signal(prefersDark.matches);
  prefersDark.addEventListener('change', () => {
    system.value = prefersDark.matches;
  });
  effect(() => {
    const dark = theme.value === 'dark' || (theme.value === 'auto' && system.value);
    const root = document.documentElement;
    root.dataset.theme = dark ? 'dark' : 'light';
    root.dataset.colors = tradeColors.value;
    isDark.value = dark;
    const style = getComputedStyle(root);
    const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    ink.value = {
      text: of('text'),
      dim: of('dim'),
      grid: of('grid'),
      panel: of('panel'),
      buy: of('buy'),
      sell: of('sell'),
      mid: of('mid'),
      other: of('other'),
      accent: of('accent'),
      lines: [1, 2, 3, 4, 5].map((n) => of(`line-${n}`)),
    };
    ramp.value = pixels(MAPS[heatMap.value][dark ? 'dark' : 'light']);
    markUrgent();
  });
}

function pixels(stops: Stops): Uint32Array<ArrayBuffer> {
  const colors = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    const [a, b] = [stops[k]!, stops[k + 1]!];
    const [red, green, blue] = a.map((v, c) => Math.round(v + (b[c]! - v) * (at - k)));
    colors[i] = ((255 << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
  }
  return colors;
}
