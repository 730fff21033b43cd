/** The whole trace as a small picture, with what is looked at marked in it. */
import type { TraceMap } from '../../../../../query/web/contract/trace.ts';
import { duration } from '../../../parts/format.ts';
import { ticks, xOf, type Zoom } from '../model/time-scale.ts';
import type { Palette } from './palette.ts';

export interface MapScene {
  readonly width: number;
  readonly height: number;
  readonly map: TraceMap;
  readonly whole: Zoom;
  readonly zoom: Zoom;
  /** Service whose spans stand out, undefined = all do. */
  readonly drag: Zoom | undefined;
}

/** Pixels of the labels above the picture. */
const labels = 14;

export function drawMap(ctx: CanvasRenderingContext2D, palette: Palette, scene: MapScene): void {
  const { width, height, map, whole } = scene;
  ctx.fillStyle = palette.surface2;
  ctx.fillRect(0, 0, width, height);
  ctx.font = palette.smallFont;
  ctx.textBaseline = 'middle';
  for (const at of ticks(whole, Math.max(2, width / 160))) {
    const x = Math.round(xOf(at, whole, width));
    ctx.fillStyle = palette.line;
    ctx.fillRect(x, 0, 1, height);
    const text = duration(at);
    if (x + 4 + ctx.measureText(text).width > width) continue;
    ctx.fillStyle = palette.ink3;
    ctx.fillText(text, x + 4, labels / 2 + 1);
  }
  const n = map.startNs.length;
  const space = height - labels - 3;
  const tall = Math.max(1, Math.min(4, space / Math.max(n, 1)));
  for (let i = 0; i < n; i++) {
    const x = xOf(map.startNs[i]!, whole, width);
    const wide = Math.max(xOf(map.startNs[i]! + map.durationNs[i]!, whole, width) - x, 1);
    const y = labels + (space * i) / Math.max(n, 1);
    ctx.fillStyle = palette.services[map.service[i]!] ?? palette.ink3;
    ctx.fillRect(x, y, wide, tall);
  }
  ctx.fillStyle = palette.errorBar;
  for (let i = 0; i < n; i++) {
    if (map.error[i] === 0) continue;
    const x = xOf(map.startNs[i]!, whole, width);
    const y = labels + (space * i) / Math.max(n, 1);
    ctx.fillRect(x - 1, y - 1, 3, Math.max(tall, 3));
  }
  drawLens(ctx, palette, scene);
}

/** Dims what is outside of the stretch that is looked at. */
function drawLens(ctx: CanvasRenderingContext2D, palette: Palette, scene: MapScene): void {
  const { width, height, whole, zoom, drag } = scene;
  const shown = drag ?? zoom;
  const left = xOf(shown.from, whole, width);
  const right = xOf(shown.to, whole, width);
  ctx.globalAlpha = 0.72;
  ctx.fillStyle = palette.surface;
  if (left > 0) ctx.fillRect(0, 0, left, height);
  if (right < width) ctx.fillRect(right, 0, width - right, height);
  ctx.globalAlpha = 1;
  if (left <= 0.5 && right >= width - 0.5) return;
  ctx.fillStyle = palette.accent;
  ctx.fillRect(left, 0, 2, height);
  ctx.fillRect(right - 2, 0, 2, height);
}
