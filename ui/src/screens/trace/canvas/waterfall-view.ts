/**
 * The waterfall: a canvas that is drawn anew with each change, below a transparent scroller whose
 * rows stand for what is drawn, for keyboards, screen readers and tests.
 */
import type { TraceRow } from '../../../../../query/web/contract/trace.ts';
import type { RowWindows } from '../model/row-windows.ts';
import { clampZoom, nsAt, panBy, type Zoom, zoomAround } from '../model/time-scale.ts';
import { AriaRows } from './aria-rows.ts';
import { axisHeight, type Brush, drawScene, rowHeight, twistyX } from './draw-rows.ts';
import { TextFitter } from './fit-text.ts';
import { readPalette } from './palette.ts';

export interface WaterfallState {
  readonly zoom: Zoom;
  readonly whole: Zoom;
  readonly services: readonly string[];
  readonly captured: boolean;
  readonly filtered: boolean;
  readonly nameWidth: number;
  /** Position of the row that keys act on, -1 = none. */
  readonly active: number;
  /** Index of the row whose details are shown, -1 = none. */
  readonly selected: number;
}

export interface WaterfallEvents {
  /** A row was clicked, or Enter was pressed on it. */
  readonly open: (row: TraceRow, position: number) => void;
  readonly toggle: (row: TraceRow, position: number) => void;
  readonly zoom: (zoom: Zoom) => void;
}

export interface WaterfallParts {
  readonly canvas: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  /** As high as all rows; has the rows in it. */
  readonly space: HTMLElement;
}

/** Pixels that a press moves before it is a drag. */
const dragFrom = 4;

export class WaterfallView {
  readonly #parts: WaterfallParts;
  readonly #events: WaterfallEvents;
  readonly #aria: AriaRows;
  readonly #ended = new AbortController();
  #state: WaterfallState;
  #rows: RowWindows;
  /** Takes the place of `#rows` with its first answer. */
  #next: RowWindows | undefined;
  /** Position that is to be seen and is not among the rows as yet, -1 = none. */
  #coming = -1;
  #brush: Brush | undefined;
  #frame = 0;
  #size = { width: 0, height: 0 };
  #hover = -1;
  #pointerX: number | undefined;
  #drag: { from: number; to: number } | undefined;

  constructor(
    parts: WaterfallParts,
    rows: RowWindows,
    state: WaterfallState,
    events: WaterfallEvents,
  ) {
    this.#parts = parts;
    this.#rows = rows;
    this.#state = state;
    this.#events = events;
    this.#aria = new AriaRows(parts.space, parts.scroller);
    this.#listen();
  }

  end(): void {
    this.#ended.abort();
    cancelAnimationFrame(this.#frame);
    this.#aria.end();
  }

  /** Other rows: those that are shown stay until the first of the others have come. */
  setRows(rows: RowWindows): void {
    if (this.#rows.ready && !rows.ready) {
      this.#next = rows;
      const { first, last } = this.#visible();
      rows.want(first, last);
    } else {
      this.#rows = rows;
      this.#next = undefined;
    }
    this.rowsChanged();
  }

  rowsChanged(): void {
    const replaced = this.#next?.ready === true;
    if (this.#next?.ready === true) {
      this.#rows.release();
      this.#rows = this.#next;
      this.#next = undefined;
    }
    const height = `${this.#rows.total * rowHeight}px`;
    if (this.#parts.space.style.height !== height) this.#parts.space.style.height = height;
    if (replaced) this.reveal(this.#coming);
    this.#aria.stale();
    this.#redraw();
  }

  update(state: WaterfallState): void {
    const services = state.services !== this.#state.services;
    const active = state.active !== this.#state.active;
    this.#state = state;
    if (services) this.#brush = undefined;
    this.#aria.stale();
    if (active) this.reveal(state.active);
    this.#redraw();
  }

  /** Colours are read again. */
  themeChanged(): void {
    this.#brush = undefined;
    this.#redraw();
  }

  /** Rows that fit below each other. */
  get pageRows(): number {
    return Math.max(1, Math.floor((this.#size.height - axisHeight) / rowHeight) - 1);
  }

  row(position: number): TraceRow | undefined {
    return this.#rows.row(position);
  }

  get total(): number {
    return this.#rows.total;
  }

  /**
   * Scrolls as little as is needed to see a row; one far away comes to the middle. Rows that are on
   * their way are scrolled to again when they have come.
   */
  reveal(position: number): void {
    this.#coming = this.#next !== undefined || position >= this.#rows.total ? position : -1;
    if (position < 0) return;
    const { scroller } = this.#parts;
    const view = this.#size.height - axisHeight;
    const top = position * rowHeight;
    const above = scroller.scrollTop - top;
    const below = top + rowHeight - (scroller.scrollTop + view);
    if (above <= 0 && below <= 0) return;
    const near = Math.max(above, below) < 3 * rowHeight;
    if (near) scroller.scrollTop += above > 0 ? -above : below;
    else scroller.scrollTop = Math.max(0, top - view / 2);
  }

  #visible(): { first: number; last: number } {
    const { scrollTop } = this.#parts.scroller;
    const first = Math.floor(scrollTop / rowHeight);
    const rows = Math.ceil((this.#size.height - axisHeight) / rowHeight);
    return { first, last: first + Math.max(rows, 1) };
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { width, height } = this.#size;
    if (width === 0 || height === 0) return;
    const { first, last } = this.#visible();
    (this.#next ?? this.#rows).want(first, last);
    if (this.#next !== undefined) this.#rows.want(first, last);
    const brush = (this.#brush ??= this.#newBrush());
    const state = this.#state;
    drawScene(brush, {
      ...state,
      width,
      height,
      scrollTop: this.#parts.scroller.scrollTop,
      total: this.#rows.total,
      row: (position) => this.#rows.row(position),
      hover: this.#hover,
      pointerX: this.#pointerX,
      drag: this.#drag,
    });
    this.#aria.show(this.#rows, { ...state, first, last });
  }

  #newBrush(): Brush {
    const ctx = this.#parts.canvas.getContext('2d', { alpha: false });
    if (ctx === null) throw new Error('this browser cannot draw on a canvas');
    const palette = readPalette(this.#state.services);
    const measure = (font: string) => (text: string) => {
      ctx.font = font;
      return ctx.measureText(text).width;
    };
    return {
      ctx,
      palette,
      names: new TextFitter(measure(palette.font)),
      small: new TextFitter(measure(palette.smallFont)),
      hatch: pattern(ctx, hatchTile(palette.surface)),
      dots: pattern(ctx, dotsTile(palette.surface)),
    };
  }

  #resize(): void {
    const { canvas, scroller } = this.#parts;
    const { clientWidth: width, clientHeight } = scroller;
    const height = clientHeight + axisHeight;
    if (width === this.#size.width && height === this.#size.height) return;
    const scale = window.devicePixelRatio || 1;
    this.#size = { width, height };
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.getContext('2d', { alpha: false })?.setTransform(scale, 0, 0, scale, 0, 0);
    this.#aria.stale();
    this.reveal(this.#state.active);
    this.#draw();
  }

  #listen(): void {
    const { scroller } = this.#parts;
    const { signal } = this.#ended;
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(scroller);
    signal.addEventListener('abort', () => observer.disconnect());
    scroller.addEventListener('scroll', () => this.#redraw(), { passive: true, signal });
    scroller.addEventListener('pointermove', (event) => this.#moved(event), { signal });
    scroller.addEventListener('pointerleave', () => this.#left(), { signal });
    scroller.addEventListener('pointerdown', (event) => this.#pressed(event), { signal });
    scroller.addEventListener('pointerup', (event) => this.#released(event), { signal });
    scroller.addEventListener('dblclick', (event) => this.#doubled(event), { signal });
    scroller.addEventListener('wheel', (event) => this.#wheeled(event), { signal });
  }

  #place(event: MouseEvent): { x: number; y: number; position: number } {
    const box = this.#parts.scroller.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    return { x, y, position: Math.floor((y + this.#parts.scroller.scrollTop) / rowHeight) };
  }

  #barX(x: number): number | undefined {
    const { nameWidth } = this.#state;
    return x >= nameWidth ? Math.min(x - nameWidth, this.#size.width - nameWidth) : undefined;
  }

  #moved(event: PointerEvent): void {
    const { x, position } = this.#place(event);
    this.#hover = position;
    this.#pointerX = this.#barX(x);
    if (this.#drag !== undefined) this.#drag.to = Math.max(0, x - this.#state.nameWidth);
    this.#redraw();
  }

  #left(): void {
    if (this.#drag !== undefined) return;
    this.#hover = -1;
    this.#pointerX = undefined;
    this.#redraw();
  }

  #pressed(event: PointerEvent): void {
    const x = this.#barX(this.#place(event).x);
    if (event.button !== 0 || event.pointerType === 'touch' || x === undefined) return;
    this.#drag = { from: x, to: x };
    this.#parts.scroller.setPointerCapture(event.pointerId);
  }

  #released(event: PointerEvent): void {
    const drag = this.#drag;
    this.#drag = undefined;
    if (event.button !== 0) return;
    if (drag !== undefined && Math.abs(drag.to - drag.from) > dragFrom) {
      const wide = this.#size.width - this.#state.nameWidth;
      const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      const { zoom, whole } = this.#state;
      const asked = { from: nsAt(from, zoom, wide), to: nsAt(Math.min(to, wide), zoom, wide) };
      this.#events.zoom(clampZoom(asked, whole));
      this.#redraw();
      return;
    }
    const { x, position } = this.#place(event);
    const row = this.#rows.row(position);
    if (row === undefined) return;
    const twisty = twistyX(row.depth, this.#state.nameWidth);
    if (row.children > 0 && x >= twisty - 4 && x <= twisty + 14) this.#events.toggle(row, position);
    else this.#events.open(row, position);
  }

  #doubled(event: MouseEvent): void {
    if (this.#barX(this.#place(event).x) !== undefined) this.#events.zoom(this.#state.whole);
  }

  /** With Ctrl: closer or further; sideways, or with Shift: to and fro. */
  #wheeled(event: WheelEvent): void {
    const { zoom, whole, nameWidth } = this.#state;
    const wide = this.#size.width - nameWidth;
    const x = this.#barX(this.#place(event).x);
    if (event.ctrlKey && x !== undefined) {
      event.preventDefault();
      const factor = 1.0015 ** event.deltaY;
      this.#events.zoom(zoomAround(zoom, nsAt(x, zoom, wide), factor, whole));
      return;
    }
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
    event.preventDefault();
    this.#events.zoom(panBy(zoom, sideways / wide, whole));
  }
}

function pattern(ctx: CanvasRenderingContext2D, tile: OffscreenCanvas): CanvasPattern | null {
  return ctx.createPattern(tile, 'repeat');
}

function hatchTile(colour: string): OffscreenCanvas {
  const tile = new OffscreenCanvas(6, 6);
  const ctx = tile.getContext('2d')!;
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (const x of [-6, 0, 6]) {
    ctx.moveTo(x, 6);
    ctx.lineTo(x + 6, 0);
  }
  ctx.stroke();
  return tile;
}

function dotsTile(colour: string): OffscreenCanvas {
  const tile = new OffscreenCanvas(5, 5);
  const ctx = tile.getContext('2d')!;
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.7;
  ctx.fillRect(1, 1, 2, 2);
  return tile;
}
