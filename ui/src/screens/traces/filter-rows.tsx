import type { FilterOp } from '../../../../query/web/contract/traces.ts';
import { Button } from '../../parts/button.tsx';
import { Combobox } from '../../parts/combobox.tsx';
import field from '../../parts/field.module.css';
import { type Filter, filterFault, operators, takesValue } from './filters.ts';
import type { Search } from './search.ts';
import styles from './search-form.module.css';
import { suggestKeys, suggestValues } from './suggest.ts';

/** One row for each condition on a tag. */
export function FilterRows({
  search,
  onChange,
}: {
  search: Search;
  onChange: (filters: readonly Filter[]) => void;
}) {
  const { filters } = search;
  const change = (at: number, next: Partial<Filter>) =>
    onChange(filters.map((one, i) => (i === at ? { ...one, ...next } : one)));
  return (
    <fieldset className={styles.filters}>
      <legend className="visually-hidden">Tags</legend>
      {filters.map((filter, i) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the list
          key={i}
          search={search}
          filter={filter}
          number={i + 1}
          change={(next) => change(i, next)}
          remove={() => onChange(filters.filter((_, j) => j !== i))}
        />
      ))}
      <Button
        look="quiet"
        className={styles.add}
        onClick={() => onChange([...filters, { key: '', op: '=', value: '' }])}
      >
        + Add tag
      </Button>
    </fieldset>
  );
}

function Row({
  search,
  filter,
  number,
  change,
  remove,
}: {
  search: Search;
  filter: Filter;
  number: number;
  change: (next: Partial<Filter>) => void;
  remove: () => void;
}) {
  const { key, op, value } = filter;
  return (
    <div className={styles.filter}>
      <Combobox
        bare
        label={`Tag ${number}: key`}
        placeholder="key"
        value={key}
        onChange={(text) => change({ key: text })}
        suggest={(text, signal) => suggestKeys(search, text, signal)}
      />
      <select
        className={`${field.input} ${styles.operator}`}
        aria-label={`Tag ${number}: operator`}
        value={op}
        onChange={(event) => change({ op: event.target.value as FilterOp })}
      >
        {operators.map(({ value: one, label }) => (
          <option key={one} value={one}>
            {label}
          </option>
        ))}
      </select>
      {takesValue(op) && (
        <Combobox
          bare
          right
          label={`Tag ${number}: value`}
          placeholder={op === '=~' || op === '!~' ? 'regular expression, whole value' : 'value'}
          value={value}
          onChange={(text) => change({ value: text })}
          suggest={(text, signal) => suggestValues(search, key, text, signal)}
          fault={filterFault(filter)}
        />
      )}
      <Button look="quiet" aria-label={`Remove tag ${number}`} onClick={remove}>
        ×
      </Button>
    </div>
  );
}
