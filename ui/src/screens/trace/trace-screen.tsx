import { useCallback, useMemo, useRef, useState } from 'react';
import type { RowFilter, TraceOutline } from '../../../../query/web/contract/trace.ts';
import { setParams } from '../../app/router.tsx';
import { Failed } from '../../parts/states.tsx';
import type { TraceRef } from './api.ts';
import { Details } from './details.tsx';
import { TraceHeader } from './header.tsx';
import { Help } from './help.tsx';
import { JsonView } from './json-view.tsx';
import { Legend } from './legend.tsx';
import { clampZoom, wholeOf, type Zoom } from './model/time-scale.ts';
import { hasFilter, type TraceView, zoomText } from './model/view-state.ts';
import { Notices } from './notices.tsx';
import { OperationsTable } from './operations-table.tsx';
import { SpansTable } from './spans-table.tsx';
import { Toolbar } from './toolbar.tsx';
import styles from './trace.module.css';
import { useFind } from './use-find.ts';
import { Waterfall, type WaterfallHandle } from './waterfall.tsx';

export interface TraceScreenProps {
  readonly outline: TraceOutline;
  readonly view: TraceView;
  /** Reads the trace again. */
  readonly renew: () => void;
  /** Why the last reading failed. */
  readonly failed: unknown;
}

/** A trace that was read, in one of its views. */
export function TraceScreen({ outline, view, renew, failed }: TraceScreenProps) {
  const { traceId: id, version, adjusted: adjust } = outline;
  const ref = useMemo((): TraceRef => ({ id, version, adjust }), [id, version, adjust]);
  const filter = useFilter(outline, view);
  const waterfall = useRef<WaterfallHandle>(null);
  const findBox = useRef<HTMLInputElement>(null);
  const [help, setHelp] = useState(false);
  const [selected, setSelected] = useState<number | null>(outline.focus);
  const [seen, setSeen] = useState(version);
  if (seen !== version) {
    setSeen(version);
    setSelected(outline.focus);
  }
  const zooming = useZoom(outline, view);
  const select = useCallback((index: number | null, spanId = '') => {
    setSelected(index);
    setParams({ span: spanId }, { replace: true });
  }, []);
  const goTo = useCallback(
    (index: number, spanId?: string) => {
      if (view.view !== 'waterfall') {
        // It begins there.
        setSelected(index);
        setParams({ view: '', ...(spanId === undefined ? {} : { span: spanId }) });
        return;
      }
      setSelected((old) => (old === null ? old : index));
      if (spanId !== undefined) select(index, spanId);
      waterfall.current?.goTo(index);
    },
    [view.view, select],
  );
  const find = useFind(ref, filter, goTo);
  const shared = { outline, traceRef: ref, filter, filtered: hasFilter(view) };
  return (
    <div className={styles.screen}>
      <TraceHeader outline={outline} traceRef={ref} view={view} />
      <Notices outline={outline} traceRef={ref} view={view} goTo={goTo} renew={renew} />
      {failed !== undefined && <Failed error={failed} retry={renew} />}
      <Toolbar
        view={view}
        find={find}
        findBox={findBox}
        outline={outline}
        help={() => setHelp(true)}
      />
      <Legend outline={outline} view={view} />
      <div className={selected === null ? styles.body : `${styles.body} ${styles.split}`}>
        <div className={styles.view}>
          {view.view === 'waterfall' && (
            <Waterfall
              {...shared}
              {...zooming}
              key={version}
              handle={waterfall}
              only={view.only}
              selected={selected}
              focus={selected}
              select={select}
              stale={renew}
              keys={{ find, findBox, help: () => setHelp((open) => !open) }}
            />
          )}
          {view.view === 'spans' && (
            <SpansTable
              {...shared}
              only={view.only}
              selected={selected}
              select={select}
              stale={renew}
            />
          )}
          {view.view === 'operations' && <OperationsTable outline={outline} traceRef={ref} />}
          {view.view === 'json' && <JsonView outline={outline} traceRef={ref} span={view.span} />}
        </div>
        {selected !== null && (
          <Details
            key={`${version} ${selected}`}
            outline={outline}
            traceRef={ref}
            index={selected}
            goTo={goTo}
            close={() => {
              select(null);
              waterfall.current?.focus();
            }}
          />
        )}
      </div>
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}

/** The stretch of time that is looked at, as the address says it. */
function useZoom({ durationNs }: TraceOutline, view: TraceView) {
  const whole = useMemo(() => wholeOf(durationNs), [durationNs]);
  const zoom = view.zoom === undefined ? whole : clampZoom(view.zoom, whole);
  const setZoom = useCallback(
    (next: Zoom) => {
      const all = next.from <= whole.from && next.to >= whole.to;
      setParams({ zoom: all ? '' : zoomText(next) }, { replace: true });
    },
    [whole],
  );
  return { whole, zoom, setZoom };
}

/** What the address looks for, as the program takes it. */
function useFilter({ services }: TraceOutline, view: TraceView): RowFilter {
  const { text, service, operation, errors, critical } = view;
  return useMemo(() => {
    const number = service === undefined ? -1 : services.findIndex(({ name }) => name === service);
    return {
      ...(text === '' ? {} : { text }),
      ...(service === undefined ? {} : { service: number === -1 ? services.length : number }),
      ...(operation === undefined ? {} : { name: operation }),
      ...(errors ? { errors } : {}),
      ...(critical ? { critical } : {}),
    };
  }, [text, service, operation, errors, critical, services]);
}
