/** What the keys of the waterfall do to it. */
import type { TraceRow } from '../../../../query/web/contract/trace.ts';
import type { WaterfallView } from './canvas/waterfall-view.ts';
import type { KeyAction } from './model/keys.ts';
import { panBy, type Zoom, zoomAround } from './model/time-scale.ts';
import type { WaterfallProps } from './waterfall.tsx';

/** The waterfall as keys find it. */
export interface ActOn
  extends Pick<WaterfallProps, 'zoom' | 'whole' | 'setZoom' | 'select' | 'keys'> {
  readonly view: WaterfallView;
  /** Position of the row that keys act on, -1 = none. */
  readonly active: number;
  readonly setActive: (position: number) => void;
  readonly toggle: (row: TraceRow, position: number) => void;
  readonly open: (row: TraceRow, position: number) => void;
}

export const actions: Readonly<Record<KeyAction, (on: ActOn) => void>> = {
  down: (on) => move(on, on.active + 1),
  up: (on) => move(on, on.active - 1),
  'page-down': (on) => move(on, on.active + on.view.pageRows),
  'page-up': (on) => move(on, on.active - on.view.pageRows),
  first: (on) => move(on, 0),
  last: (on) => move(on, on.view.total - 1),
  expand(on) {
    const row = rowOf(on);
    if (row?.shut === true) on.toggle(row, on.active);
    else if (row !== undefined && row.children > 0) move(on, on.active + 1);
  },
  collapse(on) {
    const row = rowOf(on);
    if (row !== undefined && row.children > 0 && !row.shut) on.toggle(row, on.active);
    else move(on, positionAbove(on.view, on.active));
  },
  open(on) {
    const row = rowOf(on);
    if (row !== undefined) on.open(row, on.active);
  },
  close: (on) => on.select(null),
  find: (on) => on.keys.findBox.current?.focus(),
  'next-match': (on) => on.keys.find.step('next', indexOf(on)),
  'previous-match': (on) => on.keys.find.step('previous', indexOf(on)),
  'next-error': (on) => on.keys.find.stepError('next', indexOf(on)),
  'previous-error': (on) => on.keys.find.stepError('previous', indexOf(on)),
  'zoom-in': (on) => on.setZoom(zoomAround(on.zoom, centre(on), 0.5, on.whole)),
  'zoom-out': (on) => on.setZoom(zoomAround(on.zoom, middle(on.zoom), 2, on.whole)),
  'zoom-all': (on) => on.setZoom(on.whole),
  'zoom-span'(on) {
    const row = rowOf(on);
    if (row === undefined) return;
    const side = Math.max(row.durationNs * 0.05, 50);
    on.setZoom({ from: Math.max(0, row.startNs - side), to: row.startNs + row.durationNs + side });
  },
  'pan-left': (on) => on.setZoom(panBy(on.zoom, -0.2, on.whole)),
  'pan-right': (on) => on.setZoom(panBy(on.zoom, 0.2, on.whole)),
  help: (on) => on.keys.help(),
};

function rowOf({ view, active }: ActOn): TraceRow | undefined {
  return view.row(active);
}

/** -1 = before the first. */
function indexOf(on: ActOn): number {
  return rowOf(on)?.index ?? -1;
}

function move({ view, setActive }: ActOn, to: number): void {
  setActive(Math.min(Math.max(to, 0), view.total - 1));
}

function middle({ from, to }: Zoom): number {
  return (from + to) / 2;
}

/** Middle of the row's bar where that is seen, else of what is shown. */
function centre(on: ActOn): number {
  const row = rowOf(on);
  const at = row === undefined ? -1 : row.startNs + row.durationNs / 2;
  return at >= on.zoom.from && at <= on.zoom.to ? at : middle(on.zoom);
}

/** Position of the row above in the tree, as far as rows are loaded. */
function positionAbove(view: WaterfallView, position: number): number {
  const depth = view.row(position)?.depth ?? 0;
  for (let p = position - 1; p >= 0; p--) {
    const row = view.row(p);
    if (row === undefined) break;
    if (row.depth < depth) return p;
  }
  return position;
}
