/** What is said where there is nothing, or not all, to see. */
import type { FoundTracesAnswer, ServicesAnswer } from '../../../../query/web/contract/traces.ts';
import { get } from '../../api/client.ts';
import { useLoad } from '../../api/use-load.ts';
import { Button } from '../../parts/button.tsx';
import { millis, timeOfDay } from '../../parts/format.ts';
import { CutOff, Empty } from '../../parts/states.tsx';
import styles from './index.module.css';
import { emptySearch, hasConditions, limits, type Search } from './search.ts';

interface NoticeProps {
  readonly answer: FoundTracesAnswer;
  readonly search: Search;
  readonly onSearch: (next: Search) => void;
}

/** Below the list, where there may be more. */
export function CutNotice({ answer, search, onSearch }: NoticeProps) {
  const { cut, traces, maxLimit, searchedFromUnixNano } = answer;
  if (cut === null) return null;
  const from = String(millis(answer.startUnixNano));
  const before = (ns: string) =>
    onSearch({ ...search, range: { from, to: String(Math.max(millis(ns), Number(from) + 1)) } });
  if (cut === 'time') {
    const since = searchedFromUnixNano ?? answer.startUnixNano;
    return (
      <CutOff>
        Time ran out: what is before {timeOfDay(since)} was not searched. Name a service, or{' '}
        <Button look="quiet" className={styles.inText} onClick={() => before(since)}>
          search before {timeOfDay(since)}
        </Button>
        .
      </CutOff>
    );
  }
  const more = limits.find((limit) => limit > search.limit && limit <= maxLimit);
  const oldest = traces.at(-1);
  return (
    <CutOff>
      These are the newest {traces.length} traces that match; there are more. Narrow the search
      {more !== undefined && (
        <>
          ,{' '}
          <Button
            look="quiet"
            className={styles.inText}
            onClick={() => onSearch({ ...search, limit: more })}
          >
            show {more}
          </Button>
        </>
      )}
      {oldest !== undefined && (
        <>
          , or{' '}
          <Button
            look="quiet"
            className={styles.inText}
            onClick={() => before(oldest.startUnixNano)}
          >
            show what is older
          </Button>
        </>
      )}
      .
    </CutOff>
  );
}

/** In place of the list, where nothing was found. */
export function Nothing({ answer, search, onSearch }: NoticeProps) {
  const services = useLoad('services', (signal) =>
    get<ServicesAnswer>('/api/v1/services', {}, signal),
  );
  if (services.data?.services.length === 0) return <NothingStored />;
  const wider = wide(search);
  return (
    <Empty title="No trace matches">
      <p>
        {hasConditions(search)
          ? 'No span in this time range fulfils all conditions at once.'
          : 'No spans in this time range.'}
      </p>
      <p className={styles.ways}>
        {wider.map(({ label, from }) => (
          <Button key={from} onClick={() => onSearch({ ...search, range: { from, to: 'now' } })}>
            {label}
          </Button>
        ))}
        {hasConditions(search) && (
          <Button onClick={() => onSearch({ ...emptySearch, range: search.range })}>
            Without conditions
          </Button>
        )}
      </p>
      {answer.cut === 'time' && <CutNotice answer={answer} search={search} onSearch={onSearch} />}
    </Empty>
  );
}

function wide({ range }: Search): readonly { readonly from: string; readonly label: string }[] {
  const ways = [
    { from: 'now-1d', label: 'Search the last day' },
    { from: 'now-30d', label: 'Search the last 30 days' },
  ];
  return ways.filter(({ from }) => range.to !== 'now' || range.from !== from);
}

function NothingStored() {
  return (
    <Empty title="No spans are stored yet">
      <p>
        Send OTLP to <code>localhost:4317</code> (gRPC) or <code>localhost:4318</code> (HTTP), for
        example with <code>OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317</code>.
      </p>
      <p>
        No program at hand? <code>npm run demo</code> sends traces of a small shop.
      </p>
    </Empty>
  );
}
