import { lazy, Suspense, useCallback, useEffect, useMemo } from 'react';
import type {
  ServiceListAnswer,
  ServiceMapAnswer,
  ServiceMapEdge,
} from '../../../../query/web/contract/services.ts';
import { get } from '../../api/client.ts';
import { programClock } from '../../api/clock.ts';
import { useLoad } from '../../api/use-load.ts';
import { setParams, useRoute } from '../../app/router.tsx';
import { CutOff, Failed, Loading } from '../../parts/states.tsx';
import { bounds, rangeOf, type TimeRange } from '../../parts/time-range.ts';
import { ServiceList } from './list.tsx';
import { NothingYet } from './nothing-yet.tsx';
import { EdgePanel, NodePanel } from './panel.tsx';
import styles from './services.module.css';
import { Toolbar } from './toolbar.tsx';
import { type ViewState, viewState } from './view-state.ts';

const ServiceMap = lazy(() => import('./map.tsx'));

const pollMs = 15_000;
const none = { caller: '', callee: '', focus: '' };

/** The services of a time range, as a map and as a list. */
export default function Screen() {
  const { params } = useRoute();
  const state = useMemo(() => viewState(params), [params]);
  const [from, to] = [params.get('from'), params.get('to')];
  // biome-ignore lint/correctness/useExhaustiveDependencies: only these of the parameters matter
  const range = useMemo(() => rangeOf(params), [from, to]);
  const poll = range.to === 'now' ? pollMs : 0;
  const list = useList(range, poll);
  const names = useMemo(() => list.data?.services ?? [], [list.data]);
  return (
    <div className={styles.screen}>
      <h1 className="visually-hidden">Services</h1>
      <Toolbar state={state} range={range} services={names} />
      {state.view === 'map' ? (
        <MapView state={state} range={range} pollMs={poll} />
      ) : (
        <ListView state={state} range={range} pollMs={poll} list={list} />
      )}
    </div>
  );
}

interface ViewProps {
  readonly state: ViewState;
  readonly range: TimeRange;
  readonly pollMs: number;
}

function useList(range: TimeRange, poll: number) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const params = bounds(range, await programClock.now());
      return get<ServiceListAnswer>('/api/v1/service-list', params, signal);
    },
    [range],
  );
  return useLoad(JSON.stringify(range), load, { pollMs: poll, keep: true });
}

function ListView({ list, ...props }: ViewProps & { list: ReturnType<typeof useList> }) {
  const { data, error, reload } = list;
  if (error !== undefined) return <Failed error={error} retry={reload} />;
  if (data === undefined) return <Loading what="services" />;
  if (data.services.length === 0) return <NothingYet range={props.range} />;
  return (
    <div className={styles.list}>
      <Notes notes={data.notes} />
      <ServiceList data={data} {...props} />
    </div>
  );
}

function MapView({ state, range, pollMs: poll }: ViewProps) {
  const { focus, hops, errorsOnly } = state;
  const load = useCallback(
    async (signal: AbortSignal) => {
      const part = { focus, hops, errors: errorsOnly ? 'true' : undefined };
      const params = { ...bounds(range, await programClock.now()), ...part };
      return get<ServiceMapAnswer>('/api/v1/service-map', params, signal);
    },
    [focus, hops, errorsOnly, range],
  );
  const key = JSON.stringify([focus, hops, errorsOnly, range]);
  const { data, error, reload } = useLoad(key, load, { pollMs: poll, keep: true });
  useEscape(clear);
  if (error !== undefined) return <Failed error={error} retry={reload} />;
  if (data === undefined) return <Loading what="the map" />;
  if (data.totalNodes === 0) return <NothingYet range={range} />;
  const edge = data.edges.find((one) => one.from === state.caller && one.to === state.callee);
  const node = data.nodes.find(({ id }) => id === focus);
  const panel = { data, range, chooseNode, chooseEdge, close: clear };
  return (
    <div className={styles.map}>
      <div className={styles.drawing}>
        <MapNotes data={data} state={state} />
        {data.nodes.length === 0 ? (
          <p className={styles.none} role="status">
            {errorsOnly ? 'Nothing failed here in this time range.' : 'There is nothing to show.'}
          </p>
        ) : (
          <Suspense fallback={<Loading what="the map" />}>
            <ServiceMap
              data={data}
              state={state}
              chooseNode={chooseNode}
              chooseEdge={chooseEdge}
              clear={clear}
            />
          </Suspense>
        )}
      </div>
      {edge !== undefined && <EdgePanel edge={edge} {...panel} />}
      {edge === undefined && node !== undefined && (
        <NodePanel node={node} pollMs={poll} {...panel} />
      )}
    </div>
  );
}

const chooseNode = (id: string): void => setParams({ ...none, focus: id });
const chooseEdge = ({ from, to }: ServiceMapEdge): void =>
  setParams({ caller: from, callee: to }, { replace: true });
const clear = (): void => setParams(none);

/** Escape anywhere but in a field. */
function useEscape(run: () => void): void {
  useEffect(() => {
    const pressed = ({ key, target }: KeyboardEvent) => {
      const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
      if (key === 'Escape' && !typing) run();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [run]);
}

function MapNotes({ data, state }: { data: ServiceMapAnswer; state: ViewState }) {
  const { cut, nodes, notes, focus } = data;
  return (
    <>
      {cut > 0 && (
        <CutOff>
          The {nodes.length} {state.focus === '' ? 'busiest' : 'nearest'} are shown, {cut} are not.
          {state.focus === ''
            ? ' Find one above to see what is around it, or look at the list.'
            : ' Choose fewer hops.'}
        </CutOff>
      )}
      {focus === null && (
        <CutOff>
          It is not in this time range. Choose a longer one, or close it to see all services.
        </CutOff>
      )}
      <Notes notes={notes} />
    </>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return <p className={styles.notes}>{notes.join(' ')}</p>;
}
