import type {
  ServiceListAnswer,
  ServiceRow,
  ServiceWindow,
} from '../../../../query/web/contract/services.ts';
import { href, Link, setParams } from '../../app/router.tsx';
import { percent, rate } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { CutOff } from '../../parts/states.tsx';
import type { TimeRange } from '../../parts/time-range.ts';
import { RedCharts } from './charts.tsx';
import styles from './list.module.css';
import { Operations } from './operations.tsx';
import { sorted } from './sort.ts';
import { SparkBars } from './spark-bars.tsx';
import { searchOfNode, traceParams } from './trace-links.ts';
import { TypeIcon } from './type-icon.tsx';
import { matches, type SortKey, type ViewState } from './view-state.ts';
import { errorShare, health, kindText, measureTexts, timeText } from './words.ts';

export interface ListProps {
  readonly data: ServiceListAnswer;
  readonly state: ViewState;
  readonly range: TimeRange;
  readonly pollMs: number;
}

interface Column {
  readonly key: SortKey;
  readonly label: string;
  readonly title: string;
  /** Left out where there is little room. */
  readonly wide?: boolean;
}

const columns: readonly Column[] = [
  { key: 'rate', label: 'Rate', title: 'Requests a second' },
  { key: 'errors', label: 'Errors', title: 'Share of the requests that failed' },
  { key: 'p50', label: 'p50', title: 'Half of the requests took at most this', wide: true },
  { key: 'p95', label: 'p95', title: '95 % of the requests took at most this' },
  { key: 'p99', label: 'p99', title: '99 % of the requests took at most this', wide: true },
];

/** Every service with its figures; a row opens its operations. */
export function ServiceList({ data, state, range, pollMs }: ListProps) {
  const found = data.services.filter(({ name }) => matches(name, state.find));
  const rows = sorted(found, state.sort, state.descending);
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label="Services">
        <thead>
          <tr>
            <Heading column={{ key: 'name', label: 'Service', title: 'Name' }} state={state} />
            <th scope="col" className={styles.wide}>
              Requests over time
            </th>
            {columns.map((column) => (
              <Heading key={column.key} column={column} state={state} number />
            ))}
            <th scope="col">
              <span className="visually-hidden">Traces</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.id}
              row={row}
              open={row.id === state.open}
              range={range}
              window={data.window}
              pollMs={pollMs}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && (
        <p className={styles.none} role="status">
          No service whose name holds “{state.find}”.
        </p>
      )}
      {data.truncated && (
        <CutOff>
          {data.services.length} of {data.total} are shown, the busiest. Choose a shorter time range
          to see others.
        </CutOff>
      )}
    </div>
  );
}

function Heading({
  column: { key, label, title, wide = false },
  state,
  number = false,
}: {
  column: Column;
  state: ViewState;
  number?: boolean;
}) {
  const own = state.sort === key;
  const direction = state.descending ? 'descending' : 'ascending';
  const next = own ? !state.descending : key !== 'name';
  return (
    <th
      scope="col"
      className={`${number ? styles.number : ''} ${wide ? styles.wide : ''}`}
      aria-sort={own ? direction : 'none'}
    >
      <button
        type="button"
        className={styles.sort}
        title={title}
        onClick={() => setParams({ sort: key, dir: next ? 'desc' : 'asc' }, { replace: true })}
      >
        {label}
        <span className={styles.arrow} aria-hidden="true">
          {own ? (state.descending ? '▾' : '▴') : ''}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: ServiceRow;
  readonly open: boolean;
  readonly range: TimeRange;
  readonly window: ServiceWindow;
  readonly pollMs: number;
}

function Row({ row, open, range, window, pollMs }: RowProps) {
  const { red } = row;
  const search = searchOfNode(row);
  return (
    <>
      <tr className={open ? styles.opened : ''} data-testid="service-row">
        <td className={styles.name}>
          <ServiceCell row={row} open={open} opens={search !== undefined} />
        </td>
        <td className={styles.wide}>
          <SparkBars series={row.series} />
        </td>
        <td className={styles.number}>{rate(red.perSecond)}</td>
        <td className={`${styles.number} ${styles[health(red)]}`}>
          {red.calls === 0 ? '–' : percent(errorShare(red))}
        </td>
        <td className={`${styles.number} ${styles.wide}`}>{timeText(red.p50Ns)}</td>
        <td className={styles.number}>{timeText(red.p95Ns)}</td>
        <td className={`${styles.number} ${styles.wide}`}>{timeText(red.p99Ns)}</td>
        <td className={styles.links}>
          {search !== undefined && (
            <Link
              to={href('/traces', traceParams(search, range))}
              aria-label={`Traces of ${row.name}`}
            >
              Traces
            </Link>
          )}
          <Link
            to={href('/services', { focus: row.id, from: range.from, to: range.to })}
            aria-label={`${row.name} on the map`}
          >
            Map
          </Link>
        </td>
      </tr>
      {open && search !== undefined && (
        <tr className={styles.details}>
          <td colSpan={8}>
            <p className={styles.measure}>{measureTexts[row.measure]}</p>
            {row.series !== null && <RedCharts series={row.series} window={window} />}
            <Operations service={row.name} range={range} pollMs={pollMs} wide />
          </td>
        </tr>
      )}
    </>
  );
}

function ServiceCell({ row, open, opens }: { row: ServiceRow; open: boolean; opens: boolean }) {
  const words = (
    <>
      <TypeIcon type={row.type} />
      {row.instrumented && <ServiceDot name={row.name} />}
      <Name text={row.name} empty="(no service.name)" />
    </>
  );
  const mark = row.instrumented ? row.system : kindText(row);
  return (
    <span className={styles.service}>
      {opens ? (
        <button
          type="button"
          className={styles.open}
          aria-expanded={open}
          onClick={() => setParams({ open: open ? '' : row.id }, { replace: true })}
        >
          <span className={styles.twist} aria-hidden="true">
            {open ? '▾' : '▸'}
          </span>
          {words}
        </button>
      ) : (
        <span className={styles.closed}>{words}</span>
      )}
      {mark !== '' && (
        <span className={styles.mark} title={row.instrumented ? '' : measureTexts.callers}>
          {mark}
        </span>
      )}
    </span>
  );
}
