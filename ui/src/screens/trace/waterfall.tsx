import {
  type KeyboardEvent,
  type Ref,
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react';
import type {
  RowCollapse,
  RowFilter,
  TraceOutline,
  TraceRow,
} from '../../../../query/web/contract/trace.ts';
import { themeEvent } from '../../app/theme.ts';
import { Failed } from '../../parts/states.tsx';
import { postRows, type TraceRef } from './api.ts';
import { WaterfallView } from './canvas/waterfall-view.ts';
import { CollapseButtons } from './collapse-buttons.tsx';
import { actions } from './key-actions.ts';
import { MiniMap } from './mini-map.tsx';
import { isTyping, keyAction } from './model/keys.ts';
import { RowWindows } from './model/row-windows.ts';
import type { Zoom } from './model/time-scale.ts';
import { NameResizer, useNameWidth } from './name-resizer.tsx';
import type { Find } from './use-find.ts';
import styles from './waterfall.module.css';

export interface WaterfallHandle {
  /** Makes a row seen, opening what hides it. */
  readonly goTo: (index: number) => void;
  readonly focus: () => void;
}

export interface WaterfallProps {
  readonly handle: Ref<WaterfallHandle>;
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  readonly filter: RowFilter;
  readonly filtered: boolean;
  readonly only: boolean;
  readonly zoom: Zoom;
  readonly whole: Zoom;
  readonly selected: number | null;
  /** Index of the row to begin at. */
  readonly focus: number | null;
  readonly setZoom: (zoom: Zoom) => void;
  readonly select: (index: number | null, spanId?: string) => void;
  /** The trace is another by now. */
  readonly stale: () => void;
  readonly keys: {
    readonly find: Find;
    readonly findBox: RefObject<HTMLInputElement | null>;
    readonly help: () => void;
  };
}

const open: RowCollapse = { toggled: [] };

/** Rows over time, or why they cannot be had. */
export function Waterfall(props: WaterfallProps) {
  const [error, setError] = useState<unknown>();
  if (error !== undefined) return <Failed error={error} retry={() => setError(undefined)} />;
  return <Rows {...props} failed={setError} />;
}

interface RowsProps extends WaterfallProps {
  readonly failed: (error: unknown) => void;
}

function Rows(props: RowsProps) {
  const { handle, outline, traceRef, filter, filtered, only, zoom, whole, setZoom, select } = props;
  const [collapse, setCollapse] = useState(open);
  const [active, setActive] = useState(-1);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const space = useRef<HTMLDivElement>(null);
  const view = useRef<WaterfallView>(null);
  const { nameWidth, setNameWidth } = useNameWidth(scroller);
  const services = useMemo(() => outline.services.map(({ name }) => name), [outline]);
  const captured = outline.sources.system_call + outline.sources.network > 0;
  const stale = useRef(props.stale);
  stale.current = props.stale;
  const rows = useRows({ traceRef, collapse, filter, only }, view, props.failed, stale);

  const openRow = useCallback(
    (row: TraceRow, position: number) => {
      setActive(position);
      select(row.index, row.spanId);
    },
    [select],
  );
  const toggle = useCallback((row: TraceRow, position: number) => {
    setCollapse((old) => toggled(old, [row.index]));
    setActive(position);
  }, []);
  const events = useRef({ open: openRow, toggle, zoom: setZoom });
  events.current = { open: openRow, toggle, zoom: setZoom };

  const state = {
    zoom,
    whole,
    services,
    captured,
    filtered,
    nameWidth,
    active,
    selected: props.selected ?? -1,
  };
  useView({ canvas, scroller, space, view, rows, state, events });

  const goTo = useGoTo({ traceRef, collapse, filter, only, setCollapse, setActive, view });
  useImperativeHandle(handle, () => ({ goTo, focus: () => scroller.current?.focus() }), [goTo]);
  const begin = useRef(props.focus);
  useEffect(() => {
    if (begin.current !== null) goTo(begin.current);
    begin.current = null;
  }, [goTo]);

  const keyDown = (event: KeyboardEvent): void => {
    const action = keyAction(event);
    if (action === undefined || isTyping(event.target)) return;
    event.preventDefault();
    if (view.current === null) return;
    const on = { ...props, view: view.current, active, setActive, toggle, open: openRow };
    actions[action](on);
  };
  return (
    <section className={styles.waterfall} aria-label="Waterfall" onKeyDown={keyDown}>
      <div className={styles.top} style={{ gridTemplateColumns: `${nameWidth}px minmax(0, 1fr)` }}>
        <CollapseButtons depth={outline.depth} collapse={collapse} setCollapse={setCollapse} />
        <MiniMap outline={outline} zoom={zoom} whole={whole} setZoom={setZoom} />
      </div>
      <div className={styles.rows}>
        <canvas ref={canvas} className={styles.canvas} />
        <div
          ref={scroller}
          className={styles.scroller}
          role="treegrid"
          aria-label="Spans"
          aria-colcount={2}
          tabIndex={0}
          onFocus={() => setActive((old) => (old === -1 ? 0 : old))}
          data-testid="waterfall"
        >
          {/* biome-ignore lint/a11y/useSemanticElements: rows of a <tbody> cannot be placed one by one */}
          <div ref={space} className={styles.space} role="rowgroup" />
        </div>
        <NameResizer width={nameWidth} setWidth={setNameWidth} />
      </div>
    </section>
  );
}

function toggled(collapse: RowCollapse, indexes: readonly number[]): RowCollapse {
  const set = new Set(collapse.toggled);
  for (const index of indexes) if (!set.delete(index)) set.add(index);
  return { ...collapse, toggled: [...set] };
}

interface RowsOf {
  readonly traceRef: TraceRef;
  readonly collapse: RowCollapse;
  readonly filter: RowFilter;
  readonly only: boolean;
}

function useRows(
  { traceRef, collapse, filter, only }: RowsOf,
  view: RefObject<WaterfallView | null>,
  failed: (error: unknown) => void,
  stale: RefObject<() => void>,
): RowWindows {
  const rows = useMemo(
    () =>
      new RowWindows({
        version: traceRef.version,
        load: (offset, limit, signal) =>
          postRows(traceRef, { offset, limit, collapse, filter, only }, signal),
        changed: () => view.current?.rowsChanged(),
        stale: () => stale.current(),
        failed,
      }),
    [traceRef, collapse, filter, only, view, failed, stale],
  );
  return rows;
}

interface ViewOf {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly space: RefObject<HTMLDivElement | null>;
  readonly view: RefObject<WaterfallView | null>;
  readonly rows: RowWindows;
  readonly state: ConstructorParameters<typeof WaterfallView>[2];
  readonly events: RefObject<ConstructorParameters<typeof WaterfallView>[3]>;
}

/** Keeps what is drawn in step with what is known. */
function useView({ canvas, scroller, space, view, rows, state, events }: ViewOf): void {
  const latest = useRef({ rows, state });
  latest.current = { rows, state };
  useEffect(() => {
    if (canvas.current === null || scroller.current === null || space.current === null) return;
    const parts = { canvas: canvas.current, scroller: scroller.current, space: space.current };
    const made = new WaterfallView(parts, latest.current.rows, latest.current.state, {
      open: (row, position) => events.current.open(row, position),
      toggle: (row, position) => events.current.toggle(row, position),
      zoom: (zoom) => events.current.zoom(zoom),
    });
    view.current = made;
    const theme = () => made.themeChanged();
    window.addEventListener(themeEvent, theme);
    return () => {
      window.removeEventListener(themeEvent, theme);
      view.current = null;
      made.end();
    };
  }, [canvas, scroller, space, view, events]);
  useEffect(() => {
    view.current?.setRows(rows);
    return () => rows.release();
  }, [rows, view]);
  useEffect(() => {
    view.current?.update(state);
  });
}

interface GoTo extends RowsOf {
  readonly setCollapse: (collapse: RowCollapse) => void;
  readonly setActive: (position: number) => void;
  readonly view: RefObject<WaterfallView | null>;
}

/** Asks where a row is, opens what hides it, and goes there; the last one asked for counts. */
function useGoTo(given: GoTo): (index: number) => void {
  const latest = useRef(given);
  latest.current = given;
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  return useCallback((index: number) => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    const go = async (): Promise<void> => {
      const begun = latest.current;
      const { traceRef, collapse, filter, only } = begun;
      const ask = async (asked: RowCollapse): Promise<void> => {
        const request = { offset: 0, limit: 0, collapse: asked, filter, only, locate: index };
        const { located } = await postRows(traceRef, request, signal);
        if (signal.aborted || located === undefined) return;
        const { setCollapse, setActive, view, ...now } = latest.current;
        // Rows were opened, shut or filtered meanwhile: it is another place by now.
        if (!sameRows(now, begun)) return go();
        if (located.position >= 0) {
          if (asked !== collapse) setCollapse(asked);
          setActive(located.position);
          view.current?.reveal(located.position);
        } else if (located.hiddenBy.length > 0 && asked === collapse) {
          await ask(toggled(collapse, located.hiddenBy));
        }
      };
      await ask(collapse);
    };
    // Where it cannot be asked, the rows themselves will say why.
    go().catch(() => {});
  }, []);
}

function sameRows(a: RowsOf, b: RowsOf): boolean {
  return (
    a.traceRef === b.traceRef &&
    a.collapse === b.collapse &&
    a.filter === b.filter &&
    a.only === b.only
  );
}
