/** Draws the visible rows of a waterfall: names at the left, bars over time at the right. */
import type { TraceRow } from '../../../../../query/web/contract/trace.ts';
import { duration } from '../../../parts/format.ts';
import { visibleText } from '../../../parts/visible-text.ts';
import { rowLabel } from '../model/row-text.ts';
import { ticks, xOf, type Zoom } from '../model/time-scale.ts';
import type { TextFitter } from './fit-text.ts';
import type { Palette } from './palette.ts';

export const rowHeight = 26;
export const axisHeight = 26;
/** Pixels from one depth to the next, in columns of some width and in narrow ones. */
const indent = 14;
const narrowIndent = 7;
const narrow = 260;
const barHeight = 12;
/** Longest name that is measured and drawn; all of it is in the details. */
const longestName = 200;

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly nameWidth: number;
  readonly scrollTop: number;
  readonly total: number;
  readonly row: (position: number) => TraceRow | undefined;
  readonly zoom: Zoom;
  readonly services: readonly string[];
  /** Whether any span was captured: then each says who saw it. */
  readonly captured: boolean;
  /** Whether something is looked for: what does not match is dimmed. */
  readonly filtered: boolean;
  /** Positions, -1 = none. */
  readonly active: number;
  readonly hover: number;
  /** Index of the row whose details are shown, -1 = none. */
  readonly selected: number;
  /** Where the pointer is, undefined = not on the bars; pixels from the left end of the bars. */
  readonly pointerX: number | undefined;
  /** What is being dragged over, pixels from the left end of the bars. */
  readonly drag: { readonly from: number; readonly to: number } | undefined;
}

export interface Brush {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly names: TextFitter;
  readonly small: TextFitter;
  readonly hatch: CanvasPattern | null;
  readonly dots: CanvasPattern | null;
}

/** Where the twisty of a row at some depth is; most of the column stays for names. */
export function twistyX(depth: number, nameWidth: number): number {
  const slim = nameWidth < narrow;
  return 6 + Math.min(depth * (slim ? narrowIndent : indent), nameWidth * (slim ? 0.28 : 0.42));
}

export function drawScene(brush: Brush, scene: Scene): void {
  const { ctx, palette } = brush;
  const { width, height, nameWidth, scrollTop, total } = scene;
  ctx.fillStyle = palette.surface;
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = 'middle';
  const first = Math.max(0, Math.floor(scrollTop / rowHeight));
  const last = Math.min(total - 1, Math.floor((scrollTop + height - axisHeight) / rowHeight));
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, axisHeight, width, height - axisHeight);
  ctx.clip();
  for (let p = first; p <= last; p++) {
    drawGround(brush, scene, p, axisHeight + p * rowHeight - scrollTop);
  }
  drawGrid(brush, scene);
  for (let p = first; p <= last; p++) {
    const row = scene.row(p);
    const y = axisHeight + p * rowHeight - scrollTop;
    if (row === undefined) drawPlaceholder(brush, scene, p, y);
    else drawRow(brush, scene, row, y);
  }
  ctx.restore();
  drawAxis(brush, scene);
  drawPointer(brush, scene);
  ctx.fillStyle = palette.line;
  ctx.fillRect(nameWidth, 0, 1, height);
}

function drawGround({ ctx, palette }: Brush, scene: Scene, position: number, y: number): void {
  const row = scene.row(position);
  const selected = row !== undefined && row.index === scene.selected;
  const colour = selected
    ? palette.accentSoft
    : row?.match === true
      ? palette.warnSoft
      : position === scene.hover
        ? palette.hover
        : '';
  if (colour !== '') {
    ctx.fillStyle = colour;
    ctx.fillRect(0, y, scene.width, rowHeight);
  }
  if (position === scene.active) {
    ctx.fillStyle = palette.accent;
    ctx.fillRect(0, y, 3, rowHeight);
  }
}

function drawGrid({ ctx, palette }: Brush, { width, height, nameWidth, zoom }: Scene): void {
  const space = width - nameWidth;
  ctx.fillStyle = palette.line;
  for (const at of ticks(zoom, Math.max(2, space / 130))) {
    ctx.fillRect(nameWidth + Math.round(xOf(at, zoom, space)), axisHeight, 1, height);
  }
}

function drawAxis({ ctx, palette, small }: Brush, scene: Scene): void {
  const { width, nameWidth, zoom } = scene;
  const space = width - nameWidth;
  ctx.fillStyle = palette.surface2;
  ctx.fillRect(0, 0, width, axisHeight);
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, axisHeight - 1, width, 1);
  ctx.font = palette.smallFont;
  ctx.fillStyle = palette.ink2;
  ctx.textAlign = 'left';
  ctx.fillText(small.fit('Service and operation', nameWidth - 16), 10, axisHeight / 2);
  let free = nameWidth;
  for (const at of ticks(zoom, Math.max(2, space / 130))) {
    const text = duration(at);
    const x = nameWidth + xOf(at, zoom, space) + 4;
    if (x < free || x + small.width(text) > width) continue;
    ctx.fillText(text, x, axisHeight / 2);
    free = x + small.width(text) + 8;
  }
}

function drawPointer({ ctx, palette, small }: Brush, scene: Scene): void {
  const { nameWidth, width, height, zoom, pointerX, drag } = scene;
  const space = width - nameWidth;
  if (drag !== undefined) {
    const left = nameWidth + Math.min(drag.from, drag.to);
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = palette.accent;
    ctx.fillRect(left, 0, Math.abs(drag.to - drag.from), height);
    ctx.globalAlpha = 1;
  }
  if (pointerX === undefined) return;
  const x = Math.round(nameWidth + pointerX);
  ctx.fillStyle = palette.lineStrong;
  ctx.fillRect(x, axisHeight, 1, height);
  const text = duration(zoom.from + (pointerX / space) * (zoom.to - zoom.from));
  const box = small.width(text) + 10;
  const left = Math.min(Math.max(x - box / 2, nameWidth), width - box);
  ctx.fillStyle = palette.ink;
  ctx.fillRect(left, 4, box, axisHeight - 9);
  ctx.fillStyle = palette.surface;
  ctx.font = palette.smallFont;
  ctx.fillText(text, left + 5, axisHeight / 2);
}

function drawPlaceholder({ ctx, palette }: Brush, scene: Scene, position: number, y: number): void {
  ctx.fillStyle = palette.surface2;
  const wide = 60 + ((position * 37) % 90);
  ctx.fillRect(24, y + 8, Math.min(wide, scene.nameWidth - 32), 10);
  ctx.fillRect(scene.nameWidth + 20 + ((position * 53) % 120), y + 8, 90, 10);
}

function drawRow(brush: Brush, scene: Scene, row: TraceRow, y: number): void {
  const { ctx } = brush;
  ctx.globalAlpha = scene.filtered && !row.match ? 0.45 : 1;
  drawName(brush, scene, row, y);
  drawBar(brush, scene, row, y);
  ctx.globalAlpha = 1;
}

function drawName(brush: Brush, scene: Scene, row: TraceRow, y: number): void {
  const { ctx, palette, names, small } = brush;
  const { nameWidth, services } = scene;
  const middle = y + rowHeight / 2;
  const x = twistyX(row.depth, nameWidth);
  ctx.fillStyle = palette.line;
  for (let d = 0; d < row.depth; d++) {
    const guide = twistyX(d, nameWidth) + 5;
    if (guide >= x) break;
    ctx.fillRect(guide, y, 1, rowHeight);
  }
  if (twistyX(row.depth + 1, nameWidth) === x) drawDepth(brush, row.depth, middle);
  if (row.children > 0) drawTwisty(brush, row.shut, x, middle);
  let at = x + 14;
  ctx.fillStyle = row.missing ? palette.ink3 : (palette.services[row.service] ?? palette.ink3);
  ctx.fillRect(at, y + 5, 4, rowHeight - 10);
  at += 9;
  if (scene.captured && !row.missing) at = drawBadge(brush, row, at, middle);
  if (row.status === 2) at = drawErrorMark(brush, at, middle);
  const hidden = row.shut ? hiddenText(row) : '';
  ctx.font = palette.smallFont;
  const right = nameWidth - 8 - (hidden === '' ? 0 : small.width(hidden) + 10);
  if (hidden !== '') {
    ctx.fillStyle = row.errorsBelow > 0 ? palette.error : palette.ink3;
    ctx.fillText(hidden, right + 8, middle);
  }
  const service = row.missing ? 'not stored' : shortText(services[row.service] || '(no service)');
  const name = row.missing ? row.spanId : shortText(row.name || '(no name)');
  ctx.font = palette.font;
  const own = Math.min(Math.ceil(names.width(service)), Math.max(0, (right - at) * 0.45));
  const serviceShown = names.fit(service, own);
  ctx.fillStyle = palette.ink2;
  ctx.fillText(serviceShown, at, middle);
  const after = serviceShown === '' ? at : at + names.width(serviceShown) + 8;
  ctx.fillStyle = row.missing ? palette.ink3 : palette.ink;
  ctx.fillText(names.fit(name, right - after), after, middle);
}

/** The level as a number, where rows are too deep to be told apart by their place. */
function drawDepth({ ctx, palette, small }: Brush, depth: number, middle: number): void {
  const text = String(depth + 1);
  ctx.font = palette.smallFont;
  ctx.fillStyle = palette.surface2;
  ctx.fillRect(6, middle - 7, small.width(text) + 8, 14);
  ctx.fillStyle = palette.ink2;
  ctx.fillText(text, 10, middle);
}

function shortText(text: string): string {
  return visibleText(text.length > longestName ? text.slice(0, longestName) : text);
}

function hiddenText(row: TraceRow): string {
  const errors = row.errorsBelow > 0 ? `, ${row.errorsBelow}!` : '';
  return `+${row.below}${errors}`;
}

function drawTwisty({ ctx, palette }: Brush, shut: boolean, x: number, middle: number): void {
  ctx.fillStyle = palette.ink2;
  ctx.beginPath();
  if (shut) {
    ctx.moveTo(x + 2, middle - 4);
    ctx.lineTo(x + 8, middle);
    ctx.lineTo(x + 2, middle + 4);
  } else {
    ctx.moveTo(x + 1, middle - 3);
    ctx.lineTo(x + 9, middle - 3);
    ctx.lineTo(x + 5, middle + 3);
  }
  ctx.fill();
}

const letters = { application: 'A', system_call: 'S', network: 'N' } as const;

/** Who saw the span, as a letter in a box: filled, plain, or dashed. */
function drawBadge({ ctx, palette }: Brush, row: TraceRow, x: number, middle: number): number {
  ctx.lineWidth = 1;
  ctx.strokeStyle = palette.ink3;
  if (row.source === 'application') {
    ctx.fillStyle = palette.surface2;
    ctx.fillRect(x, middle - 7, 14, 14);
  }
  if (row.source === 'network') ctx.setLineDash([2, 2]);
  ctx.strokeRect(x + 0.5, middle - 6.5, 13, 13);
  ctx.setLineDash([]);
  ctx.fillStyle = palette.ink2;
  ctx.font = palette.badgeFont;
  ctx.textAlign = 'center';
  ctx.fillText(letters[row.source], x + 7, middle + 0.5);
  ctx.textAlign = 'left';
  return x + 19;
}

function drawErrorMark({ ctx, palette }: Brush, x: number, middle: number): number {
  ctx.fillStyle = palette.errorBar;
  ctx.beginPath();
  ctx.arc(x + 6, middle, 6, 0, Math.PI * 2);
  ctx.fill();
  ctx.fillStyle = palette.surface;
  ctx.font = palette.badgeFont;
  ctx.textAlign = 'center';
  ctx.fillText('!', x + 6, middle + 0.5);
  ctx.textAlign = 'left';
  return x + 16;
}

function drawBar(brush: Brush, scene: Scene, row: TraceRow, y: number): void {
  const { ctx, palette } = brush;
  const { width, nameWidth, zoom } = scene;
  const space = width - nameWidth;
  const middle = y + rowHeight / 2;
  ctx.font = palette.smallFont;
  if (row.marks.includes('off_axis')) {
    ctx.fillStyle = palette.error;
    ctx.fillText('at another time than the rest', nameWidth + 8, middle);
    return;
  }
  const from = xOf(row.startNs, zoom, space);
  const to = Math.max(xOf(row.startNs + row.durationNs, zoom, space), from + 2);
  const left = nameWidth + Math.max(from, -4);
  const right = nameWidth + Math.min(to, space + 4);
  const colour = palette.services[row.service] ?? palette.ink3;
  ctx.save();
  ctx.beginPath();
  ctx.rect(nameWidth + 1, y, space - 1, rowHeight);
  ctx.clip();
  if (right > left) fillBar(brush, row, { left, right, top: middle - barHeight / 2, colour });
  drawCritical(brush, scene, row, middle + barHeight / 2 + 1);
  ctx.restore();
  drawLabel(brush, scene, row, { from, to, left, right, middle });
}

interface Place {
  /** Ends of the bar, pixels from the left end of the bars; then those of what is seen of it. */
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  readonly middle: number;
}

/** As much of a row's label as fits beside its bar; where nothing does, some of it on the bar. */
function drawLabel(brush: Brush, scene: Scene, row: TraceRow, place: Place): void {
  const { ctx, palette, small } = brush;
  const { width, nameWidth } = scene;
  const { from, to, left, right, middle } = place;
  const label = rowLabel(row);
  ctx.fillStyle = palette.ink2;
  if (to < 0 || from > width - nameWidth) {
    const text = to < 0 ? `◂ ${label}` : `${label} ▸`;
    const shown = small.fit(text, width - nameWidth - 12);
    ctx.fillStyle = palette.ink3;
    ctx.fillText(shown, to < 0 ? nameWidth + 6 : width - 6 - small.width(shown), middle);
    return;
  }
  for (let text = label; ; text = text.slice(0, text.lastIndexOf(' · '))) {
    const wide = small.width(text);
    if (right + 6 + wide <= width) {
      ctx.fillText(text, right + 6, middle);
      return;
    }
    if (left - 6 - wide > nameWidth) {
      ctx.fillText(text, left - 6 - wide, middle);
      return;
    }
    if (wide < (right - left) * 0.6 || !text.includes(' · ')) {
      drawInside(brush, text, Math.max(left, nameWidth) + 6, middle);
      return;
    }
  }
}

interface Bar {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly colour: string;
}

function fillBar({ ctx, palette, hatch, dots }: Brush, row: TraceRow, bar: Bar): void {
  const { left, top, colour } = bar;
  const wide = bar.right - left;
  if (row.missing) {
    ctx.strokeStyle = palette.ink3;
    ctx.setLineDash([4, 3]);
    ctx.strokeRect(left + 0.5, top + 0.5, Math.max(1, wide - 1), barHeight - 1);
    ctx.setLineDash([]);
    return;
  }
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.roundRect(left, top, wide, barHeight, Math.min(3, wide / 2));
  ctx.fill();
  const pattern = row.source === 'system_call' ? hatch : row.source === 'network' ? dots : null;
  if (pattern !== null && wide > 4) {
    ctx.fillStyle = pattern;
    ctx.fill();
  }
  if (row.status === 2) {
    ctx.fillStyle = palette.errorBar;
    ctx.fillRect(left, top - 2, wide, 2);
  }
}

/** The row's stretches of the critical path, as a line below its bar. */
function drawCritical({ ctx, palette }: Brush, scene: Scene, row: TraceRow, y: number): void {
  const { critical } = row;
  if (critical.length === 0) return;
  const { nameWidth, width, zoom } = scene;
  const space = width - nameWidth;
  ctx.fillStyle = palette.critical;
  for (let i = 0; i + 1 < critical.length; i += 2) {
    const from = Math.max(xOf(critical[i]!, zoom, space), 0);
    const to = Math.min(xOf(critical[i + 1]!, zoom, space), space);
    if (to >= from) ctx.fillRect(nameWidth + from, y, Math.max(to - from, 1), 2);
  }
}

/** On the bar itself, with a ground of its own so that it can be read on any colour. */
function drawInside(
  { ctx, palette, small }: Brush,
  label: string,
  x: number,
  middle: number,
): void {
  ctx.fillStyle = palette.surface;
  ctx.globalAlpha *= 0.86;
  ctx.fillRect(x - 4, middle - 7, small.width(label) + 8, 14);
  ctx.globalAlpha /= 0.86;
  ctx.fillStyle = palette.ink;
  ctx.fillText(label, x, middle);
}
