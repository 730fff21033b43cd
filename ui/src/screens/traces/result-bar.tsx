import type { ReactNode } from 'react';
import type { FoundTracesAnswer } from '../../../../query/web/contract/traces.ts';
import { Button } from '../../parts/button.tsx';
import field from '../../parts/field.module.css';
import { count } from '../../parts/format.ts';
import styles from './index.module.css';
import { type Order, orders } from './order.ts';
import { limits, refreshes, type Search } from './search.ts';

export interface ResultBarProps {
  readonly answer: FoundTracesAnswer | undefined;
  readonly loading: boolean;
  readonly search: Search;
  readonly order: Order;
  readonly refresh: string;
  readonly onSearch: (next: Search) => void;
  readonly onOrder: (order: Order) => void;
  readonly onRefresh: (refresh: string) => void;
  readonly children: ReactNode;
}

/** How much was found, and how it is shown. */
export function ResultBar(props: ResultBarProps) {
  const { answer, loading, search, order, refresh, onSearch, onOrder, onRefresh, children } = props;
  const offered = limits.filter((limit) => limit <= (answer?.maxLimit ?? limit));
  const own = offered.includes(search.limit) ? offered : [...offered, search.limit];
  return (
    <div className={styles.bar}>
      <div className={styles.said}>
        <span role="status" aria-busy={loading}>
          {answer === undefined ? '' : <Said answer={answer} />}
        </span>
        {answer !== undefined && (
          <span className={styles.took}> · {Math.max(1, Math.round(answer.tookMs))} ms</span>
        )}
      </div>
      <Choice
        label="Order"
        value={order}
        options={orders}
        onChange={(value) => onOrder(value as Order)}
      />
      <Choice
        label="Limit"
        value={String(search.limit)}
        options={own.map((limit) => ({ value: String(limit), label: `${limit} traces` }))}
        onChange={(value) => onSearch({ ...search, limit: Number(value) })}
      />
      <Choice
        label="Refresh"
        value={refresh}
        options={refreshes.map((one) => ({ ...one, label: `Refresh ${one.label}` }))}
        onChange={onRefresh}
      />
      <Button
        aria-label="Search again"
        title="Search again"
        className={loading ? styles.busy : undefined}
        onClick={() => onSearch(search)}
      >
        ↻
      </Button>
      {children}
    </div>
  );
}

function Said({ answer }: { answer: FoundTracesAnswer }) {
  const { traces, cut } = answer;
  const failed = traces.filter(({ errors }) => errors > 0).length;
  return (
    <>
      <strong>
        {cut === 'limit' && 'newest '}
        {count(traces.length)} {traces.length === 1 ? 'trace' : 'traces'}
      </strong>
      {failed > 0 && <span className={styles.failed}> · {count(failed)} with errors</span>}
    </>
  );
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
  onChange: (value: string) => void;
}) {
  return (
    <select
      className={`${field.input} ${styles.choice}`}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map((one) => (
        <option key={one.value} value={one.value}>
          {one.label}
        </option>
      ))}
    </select>
  );
}
