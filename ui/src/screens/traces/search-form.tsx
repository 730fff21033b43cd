import { type FormEvent, useState } from 'react';
import { Button } from '../../parts/button.tsx';
import { Combobox } from '../../parts/combobox.tsx';
import { SelectField, TextField } from '../../parts/field.tsx';
import { TimeRangeField } from '../../parts/time-range-field.tsx';
import { FilterRows } from './filter-rows.tsx';
import { canSend, durationFaults, emptySearch, paramsOf, type Search } from './search.ts';
import styles from './search-form.module.css';
import { ServicesField } from './services-field.tsx';
import { suggestOperations } from './suggest.ts';

const statuses = [
  { value: '', label: 'any' },
  { value: 'error', label: 'error' },
  { value: 'ok', label: 'ok' },
  { value: 'unset', label: 'unset' },
];

/** What is looked for. Nothing happens before it is sent, but for the time range. */
export function SearchForm({
  search,
  onSearch,
}: {
  search: Search;
  onSearch: (next: Search) => void;
}) {
  const applied = paramsOf(search).toString();
  const [seen, setSeen] = useState(applied);
  const [draft, setDraft] = useState(search);
  const [service, setService] = useState('');
  if (seen !== applied) {
    setSeen(applied);
    setDraft(search);
    setService('');
  }
  const change = (next: Partial<Search>) => setDraft((old) => ({ ...old, ...next }));
  const faults = durationFaults(draft);
  const good = canSend(draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = service.trim() === '' ? [] : [service.trim()];
    if (good) onSearch({ ...draft, services: [...new Set([...draft.services, ...typed])] });
    setService('');
  };
  const changed = paramsOf(draft).toString() !== applied;
  return (
    <search aria-label="Search for traces">
      <form className={styles.form} onSubmit={submit}>
        <div className={styles.fields}>
          <ServicesField
            value={draft.services}
            typed={service}
            onChange={(services) => change({ services })}
            onType={setService}
          />
          <Combobox
            className={styles.operation}
            label="Operation"
            placeholder="any"
            value={draft.operation}
            onChange={(operation) => change({ operation })}
            suggest={(text, signal) => suggestOperations(draft, text, signal)}
            testId="operation"
          />
          <SelectField
            label="Status"
            className={styles.narrow}
            options={statuses}
            value={draft.status}
            onChange={(event) => change({ status: event.target.value })}
          />
          <TextField
            label="Min duration"
            className={styles.narrow}
            placeholder="100ms"
            value={draft.minDuration}
            fault={faults.min}
            onChange={(event) => change({ minDuration: event.target.value })}
          />
          <TextField
            label="Max duration"
            className={styles.narrow}
            placeholder="1.5s"
            value={draft.maxDuration}
            fault={faults.max}
            onChange={(event) => change({ maxDuration: event.target.value })}
          />
          <div className={styles.range}>
            <TimeRangeField
              value={draft.range}
              onChange={(range) => {
                change({ range });
                onSearch({ ...search, range });
              }}
            />
          </div>
        </div>
        <div className={styles.foot}>
          <FilterRows search={draft} onChange={(filters) => change({ filters })} />
          <div className={styles.actions}>
            <Button
              look="quiet"
              disabled={paramsOf({ ...draft, range: emptySearch.range }).size === 0}
              onClick={() => onSearch({ ...emptySearch, range: draft.range })}
            >
              Clear
            </Button>
            <Button look="primary" type="submit" disabled={!good} data-changed={changed}>
              Search
            </Button>
          </div>
        </div>
      </form>
    </search>
  );
}
