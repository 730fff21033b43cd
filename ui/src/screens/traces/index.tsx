import { useCallback, useMemo, useState } from 'react';
import type { FoundTracesAnswer } from '../../../../query/web/contract/traces.ts';
import { get } from '../../api/client.ts';
import { programClock } from '../../api/clock.ts';
import { type Loaded, useLoad } from '../../api/use-load.ts';
import { href, navigate, setParams, useRoute } from '../../app/router.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import styles from './index.module.css';
import { CutNotice, Nothing } from './notices.tsx';
import { OpenById } from './open-by-id.tsx';
import { inOrder, type Order, orderOf } from './order.ts';
import { ResultBar } from './result-bar.tsx';
import { Scatter } from './scatter.tsx';
import {
  apiParams,
  canSend,
  paramsOf,
  refreshMs,
  type Search,
  searchOf,
  widened,
} from './search.ts';
import { SearchForm } from './search-form.tsx';
import { TraceList } from './trace-list.tsx';

/** Search for traces: the form, a chart and a list of what was found. */
export default function TracesScreen() {
  const { params } = useRoute();
  const search = useMemo(() => searchOf(params), [params]);
  const refresh = params.get('refresh') ?? '';
  const order = orderOf(params.get('order'));
  const key = paramsOf(search).toString();
  const good = canSend(search);
  const load = useLoad(
    good ? `traces?${key}` : '',
    async (signal) => {
      const asked = apiParams(search, await programClock.now());
      return get<FoundTracesAnswer>('/api/v1/traces', asked, signal);
    },
    { pollMs: refreshMs(refresh), keep: true },
  );
  const { reload } = load;
  const onSearch = useCallback(
    (next: Search) => {
      const address = paramsOf(next);
      for (const name of ['order', 'refresh']) {
        const value = params.get(name);
        if (value !== null) address.set(name, value);
      }
      const to = href('/traces', address);
      if (to === href('/traces', params)) reload();
      else navigate(to);
    },
    [params, reload],
  );
  return (
    <div className={styles.screen}>
      <h1 className="visually-hidden">Traces</h1>
      <SearchForm search={search} onSearch={onSearch} />
      <div className={styles.body}>
        <ResultBar
          answer={good ? load.data : undefined}
          loading={load.loading}
          order={order}
          refresh={refresh}
          search={search}
          onSearch={onSearch}
          onOrder={(value) => setParams({ order: value === 'newest' ? '' : value })}
          onRefresh={(value) => setParams({ refresh: value }, { replace: true })}
        >
          <OpenById />
        </ResultBar>
        {good ? (
          <Result load={load} order={order} search={search} onSearch={onSearch} />
        ) : (
          <Empty title="This search cannot be sent">Mend what is marked above.</Empty>
        )}
      </div>
    </div>
  );
}

interface ResultProps {
  readonly order: Order;
  readonly search: Search;
  readonly onSearch: (next: Search) => void;
}

function Result({ load, ...rest }: ResultProps & { load: Loaded<FoundTracesAnswer> }) {
  if (load.error !== undefined) return <Failed error={load.error} retry={load.reload} />;
  if (load.data === undefined) return <Loading what="traces" />;
  return <Found answer={load.data} {...rest} />;
}

function Found({
  answer,
  order,
  search,
  onSearch,
}: ResultProps & { readonly answer: FoundTracesAnswer }) {
  const [pointed, setPointed] = useState<string>();
  const traces = useMemo(() => inOrder(answer.traces, order), [answer, order]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: "3 min ago" is as of the answer
  const nowMs = useMemo(() => programClock.nowMs(), [answer]);
  const wider = widened(search.range, nowMs);
  if (traces.length === 0) return <Nothing answer={answer} search={search} onSearch={onSearch} />;
  return (
    <>
      <Scatter
        onZoomOut={wider === undefined ? undefined : () => onSearch({ ...search, range: wider })}
        answer={answer}
        pointed={pointed}
        onZoom={(from, to) => {
          onSearch({
            ...search,
            range: { from: String(from), to: String(Math.max(to, from + 1)) },
          });
        }}
      />
      <TraceList traces={traces} nowMs={nowMs} onPoint={setPointed} />
      <CutNotice answer={answer} search={search} onSearch={onSearch} />
    </>
  );
}
