import { useId } from 'react';
import type { ServiceRow } from '../../../../query/web/contract/services.ts';
import { href, Link, setParams, useRoute } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { SelectField } from '../../parts/field.tsx';
import { Name } from '../../parts/name.tsx';
import type { TimeRange } from '../../parts/time-range.ts';
import { TimeRangeField } from '../../parts/time-range-field.tsx';
import styles from './services.module.css';
import { matches, type ViewState } from './view-state.ts';
import { nameOfId } from './words.ts';

/** Names offered while one types. */
const maxOffered = 200;

export interface ToolbarProps {
  readonly state: ViewState;
  readonly range: TimeRange;
  /** All of the time range. */
  readonly services: readonly ServiceRow[];
}

export function Toolbar({ state, range, services }: ToolbarProps) {
  const onMap = state.view === 'map';
  return (
    <div className={styles.bar}>
      <Views state={state} />
      <Finder state={state} services={services} />
      <TimeRangeField value={range} onChange={(next) => setParams({ ...next })} />
      {onMap && <MapOptions state={state} />}
    </div>
  );
}

function Views({ state }: { state: ViewState }) {
  const { path, params } = useRoute();
  const to = (view: string) => {
    const next = new URLSearchParams(params);
    next.set('view', view);
    return href(path, next);
  };
  return (
    <nav className={styles.views} aria-label="Views">
      <Link to={to('map')} aria-current={state.view === 'map' ? 'page' : undefined}>
        Map
      </Link>
      <Link to={to('list')} aria-current={state.view === 'list' ? 'page' : undefined}>
        List
      </Link>
    </nav>
  );
}

/** Dims what does not match; on the map, a whole name goes to it. */
function Finder({ state, services }: Pick<ToolbarProps, 'state' | 'services'>) {
  const id = useId();
  const onMap = state.view === 'map';
  const go = (name: string): boolean => {
    const found = onMap ? services.find((one) => one.name === name) : undefined;
    if (found === undefined) return false;
    setParams({ focus: found.id, find: '', caller: '', callee: '' });
    return true;
  };
  return (
    <form
      className={styles.find}
      onSubmit={(event) => {
        event.preventDefault();
        const first =
          services.find(({ name }) => name === state.find) ??
          services.find(({ name }) => matches(name, state.find));
        if (state.find !== '' && first !== undefined) go(first.name);
      }}
    >
      <label htmlFor={id}>Find a service</label>
      <input
        id={id}
        type="search"
        value={state.find}
        placeholder={onMap ? 'Name, Enter goes there' : 'Name'}
        list={onMap ? `${id}-names` : undefined}
        autoComplete="off"
        onChange={(event) => {
          const { value } = event.target;
          if (!chosen(event.nativeEvent) || !go(value)) {
            setParams({ find: value }, { replace: true });
          }
        }}
      />
      {onMap && (
        <datalist id={`${id}-names`}>
          {services.slice(0, maxOffered).map((one) => (
            <option key={one.id} value={one.name} />
          ))}
        </datalist>
      )}
    </form>
  );
}

/** Whether a name was taken out of the list, not typed. */
function chosen(event: Event): boolean {
  const how = event instanceof InputEvent ? event.inputType : '';
  return how === '' || how === 'insertReplacementText';
}

const hopOptions = [
  { value: '1', label: '1 hop' },
  { value: '2', label: '2 hops' },
  { value: '3', label: '3 hops' },
];

function MapOptions({ state }: { state: ViewState }) {
  return (
    <>
      {state.focus !== '' && (
        <>
          <SelectField
            label="Around it"
            options={hopOptions}
            value={String(state.hops)}
            onChange={(event) => setParams({ hops: event.target.value })}
          />
          <div className={styles.end}>
            <Button
              title="Show all services"
              onClick={() => setParams({ focus: '', caller: '', callee: '' })}
            >
              <Name text={nameOfId(state.focus)} empty="(no service.name)" /> ✕
              <span className="visually-hidden">: show all services</span>
            </Button>
          </div>
        </>
      )}
      <div className={styles.end}>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={state.errorsOnly}
            onChange={(event) => setParams({ errors: event.target.checked ? '1' : '' })}
          />
          Only errors
        </label>
      </div>
    </>
  );
}
