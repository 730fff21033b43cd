// A virtual grid: only the rows that are seen are there, and the grid has focus and keys for them.
// biome-ignore-all lint/a11y/useSemanticElements: rows of a <table> cannot be placed one by one
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid is one stop of the tab key
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys are the grid's
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import type {
  RowFilter,
  RowOrder,
  TraceOutline,
  TraceRow,
} from '../../../../query/web/contract/trace.ts';
import { duration } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { Failed } from '../../parts/states.tsx';
import { postRows, type TraceRef } from './api.ts';
import { statusNames } from './model/row-text.ts';
import { RowWindows } from './model/row-windows.ts';
import styles from './tables.module.css';

const rowHeight = 28;

type FlatOrder = Exclude<RowOrder, 'tree'>;

const sorts: readonly { readonly order: FlatOrder; readonly label: string }[] = [
  { order: 'start', label: 'Starts' },
  { order: 'duration', label: 'Duration' },
  { order: 'self', label: 'Self' },
];

interface SpansTableProps {
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  readonly filter: RowFilter;
  readonly filtered: boolean;
  readonly only: boolean;
  readonly selected: number | null;
  readonly select: (index: number | null, spanId?: string) => void;
  readonly stale: () => void;
}

/** All spans, longest first or by start; what is looked for is what is shown. */
export function SpansTable(props: SpansTableProps) {
  const [error, setError] = useState<unknown>();
  if (error !== undefined) return <Failed error={error} retry={() => setError(undefined)} />;
  return <Grid {...props} failed={setError} />;
}

interface GridProps extends SpansTableProps {
  readonly failed: (error: unknown) => void;
}

function Grid(props: GridProps) {
  const { outline, traceRef, filter, filtered, selected, select, failed } = props;
  const [order, setOrder] = useState<FlatOrder>('duration');
  const [, redraw] = useState(0);
  const [active, setActive] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const { view, setView } = useViewport(scroller);
  const stale = useRef(props.stale);
  stale.current = props.stale;
  const rows = useMemo(
    () =>
      new RowWindows({
        version: traceRef.version,
        load: (offset, limit, signal) =>
          postRows(traceRef, { offset, limit, order, filter, only: filtered }, signal),
        changed: () => redraw((n) => n + 1),
        stale: () => stale.current(),
        failed,
      }),
    [traceRef, order, filter, filtered, failed],
  );
  const first = Math.max(0, Math.floor(view.top / rowHeight) - 5);
  const last = Math.ceil((view.top + view.height) / rowHeight) + 5;
  useEffect(() => {
    rows.want(first, last);
  });
  useEffect(() => () => rows.release(), [rows]);
  const keyDown = (event: KeyboardEvent) => {
    const row = rows.row(active);
    if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      event.preventDefault();
      select(row.index, row.spanId);
    }
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
    const to = moved(event.key, active, { page, last: rows.total - 1 });
    if (to === undefined) return;
    event.preventDefault();
    setActive(to);
    if (scroller.current !== null) reveal(scroller.current, to);
  };
  const shown: number[] = [];
  for (let p = first; p <= last && p < rows.total; p++) shown.push(p);
  return (
    <div
      ref={scroller}
      className={styles.scroll}
      role="grid"
      tabIndex={0}
      aria-label={filtered ? 'Spans that match' : 'Spans'}
      aria-rowcount={rows.total + 1}
      aria-activedescendant={`span-row-${active}`}
      onKeyDown={keyDown}
      onScroll={(event) => {
        const { scrollTop: top, clientHeight: height } = event.currentTarget;
        setView({ top, height });
      }}
    >
      <Head order={order} setOrder={setOrder} />
      <div className={styles.space} role="rowgroup" style={{ height: rows.total * rowHeight }}>
        {shown.map((p) => (
          <SpanLine
            key={p}
            position={p}
            row={rows.row(p)}
            outline={outline}
            active={p === active}
            selected={rows.row(p)?.index === selected}
            open={(row) => {
              setActive(p);
              select(row.index, row.spanId);
            }}
          />
        ))}
      </div>
      {rows.ready && rows.total === 0 && <p className={styles.none}>No span matches.</p>}
    </div>
  );
}

/** What is seen of a scroller; its `top` is told by its events. */
function useViewport(scroller: RefObject<HTMLElement | null>) {
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setView((old) => ({ ...old, height: element.clientHeight })),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return { view, setView };
}

/** Where a key leads, undefined for other keys. */
function moved(
  key: string,
  at: number,
  { page, last }: { readonly page: number; readonly last: number },
): number | undefined {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -at, End: last };
  if (!Object.hasOwn(steps, key)) return undefined;
  return Math.min(Math.max(at + steps[key as keyof typeof steps], 0), Math.max(last, 0));
}

function reveal(box: HTMLElement, position: number): void {
  const top = position * rowHeight;
  const space = box.clientHeight - 2 * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + space) box.scrollTop = top - space;
}

function Head({ order, setOrder }: { order: FlatOrder; setOrder: (order: FlatOrder) => void }) {
  return (
    <div className={`${styles.line} ${styles.head}`} role="row" aria-rowindex={1}>
      <span role="columnheader">Service</span>
      <span role="columnheader">Operation</span>
      {sorts.map(({ order: own, label }) => {
        const up = own === 'start';
        const sorted = up ? 'ascending' : 'descending';
        return (
          <span
            key={own}
            role="columnheader"
            className={styles.right}
            aria-sort={order === own ? sorted : 'none'}
          >
            <button type="button" className={styles.sort} onClick={() => setOrder(own)}>
              {label}
              {order !== own ? '' : up ? ' ↑' : ' ↓'}
            </button>
          </span>
        );
      })}
      <span role="columnheader" className={styles.minor}>
        Status
      </span>
    </div>
  );
}

interface SpanLineProps {
  readonly position: number;
  readonly row: TraceRow | undefined;
  readonly outline: TraceOutline;
  readonly active: boolean;
  readonly selected: boolean;
  readonly open: (row: TraceRow) => void;
}

function SpanLine({ position, row, outline, active, selected, open }: SpanLineProps) {
  const service = row === undefined ? '' : (outline.services[row.service]?.name ?? '');
  return (
    <div
      id={`span-row-${position}`}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={selected}
      className={`${styles.line} ${styles.row} ${active ? styles.active : ''}`}
      style={{ transform: `translateY(${position * rowHeight}px)` }}
      onClick={() => row !== undefined && open(row)}
    >
      {row === undefined ? (
        <span role="gridcell" className={styles.wait}>
          …
        </span>
      ) : (
        <>
          <span role="gridcell">
            <ServiceDot name={service} /> <Name text={service} empty="(no service)" />
          </span>
          <span role="gridcell">
            <Name text={row.name} />
          </span>
          <span role="gridcell" className={styles.right}>
            {row.marks.includes('off_axis') ? 'elsewhere' : duration(row.startNs)}
          </span>
          <span role="gridcell" className={styles.right}>
            {duration(row.durationNs)}
          </span>
          <span role="gridcell" className={styles.right}>
            {duration(row.selfNs)}
          </span>
          <span
            role="gridcell"
            className={row.status === 2 ? `${styles.minor} ${styles.bad}` : styles.minor}
          >
            {row.status === 0 ? '' : statusNames[row.status]}
          </span>
        </>
      )}
    </div>
  );
}
