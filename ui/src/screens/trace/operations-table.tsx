import { useState } from 'react';
import type { TraceOperation, TraceOutline } from '../../../../query/web/contract/trace.ts';
import { useLoad } from '../../api/use-load.ts';
import { setParams } from '../../app/router.tsx';
import { count, duration, percent } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { CutOff, Failed, Loading } from '../../parts/states.tsx';
import { getOperations, type TraceRef } from './api.ts';
import styles from './tables.module.css';

type Column = Exclude<keyof TraceOperation, 'service' | 'name'>;

const columns: readonly { readonly key: Column; readonly label: string; readonly minor?: true }[] =
  [
    { key: 'count', label: 'Spans' },
    { key: 'errors', label: 'Errors' },
    { key: 'selfNs', label: 'Self' },
    { key: 'criticalNs', label: 'Critical path' },
    { key: 'totalNs', label: 'Total', minor: true },
    { key: 'medianNs', label: 'Median' },
    { key: 'minNs', label: 'Least', minor: true },
    { key: 'maxNs', label: 'Most', minor: true },
  ];

/** Rows that are shown; the rest is found by sorting. */
const mostRows = 500;

/** Spans by service and name: a click looks for them in the waterfall. */
export function OperationsTable({
  outline,
  traceRef,
}: {
  outline: TraceOutline;
  traceRef: TraceRef;
}) {
  const [by, setBy] = useState<Column>('selfNs');
  const key = `operations ${traceRef.id} ${traceRef.version}`;
  const { data, error, reload } = useLoad(key, (signal) => getOperations(traceRef, signal));
  if (error !== undefined) return <Failed error={error} retry={reload} />;
  if (data === undefined) return <Loading what="the operations" />;
  const sorted = data.operations.toSorted((a, b) => b[by] - a[by]);
  const total = data.operations.reduce((sum, { selfNs }) => sum + selfNs, 0);
  const shown = sorted.slice(0, mostRows);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys
    <section className={styles.scroll} tabIndex={0} aria-label="Operations">
      {(data.truncated || sorted.length > mostRows) && (
        <CutOff>
          {mostRows} of {sorted.length.toLocaleString()}
          {data.truncated ? ' and more' : ''} operations are shown: those with most of what the
          table is sorted by.
        </CutOff>
      )}
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Operation</th>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={`${styles.number} ${column.minor ? styles.minor : ''}`}
                aria-sort={by === column.key ? 'descending' : 'none'}
              >
                <button type="button" className={styles.sort} onClick={() => setBy(column.key)}>
                  {column.label}
                  {by === column.key ? ' ↓' : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((operation) => {
            const service = outline.services[operation.service]?.name ?? '';
            return (
              <tr key={`${operation.service} ${operation.name}`}>
                <td>
                  <ServiceDot name={service} /> <Name text={service} empty="(no service)" />
                </td>
                <td className={styles.wide}>
                  <button
                    type="button"
                    className={styles.open}
                    onClick={() =>
                      setParams({ view: '', service, operation: operation.name, find: '' })
                    }
                  >
                    <Name text={operation.name} />
                  </button>
                </td>
                {columns.map((column) => (
                  <Cell key={column.key} operation={operation} column={column} totalSelf={total} />
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface CellProps {
  readonly operation: TraceOperation;
  readonly column: (typeof columns)[number];
  readonly totalSelf: number;
}

function Cell({ operation, column: { key, minor }, totalSelf }: CellProps) {
  const value = operation[key];
  const bad = key === 'errors' && value > 0;
  const isCount = key === 'count' || key === 'errors';
  const text = value === 0 && key !== 'minNs' ? '–' : isCount ? count(value) : duration(value);
  return (
    <td className={`${styles.number} ${minor ? styles.minor : ''} ${bad ? styles.bad : ''}`}>
      {text}
      {key === 'selfNs' && value > 0 && (
        <span className={styles.part}>{percent(value / totalSelf)}</span>
      )}
    </td>
  );
}
