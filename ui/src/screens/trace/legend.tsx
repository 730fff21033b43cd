import { useState } from 'react';
import type { SpanSource, TraceOutline } from '../../../../query/web/contract/trace.ts';
import { setParams } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { count, percent } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { sourceNames } from './model/row-text.ts';
import type { TraceView } from './model/view-state.ts';
import styles from './trace.module.css';

/** Services that are shown before all are asked for. */
const few = 8;

const letters: Readonly<Record<SpanSource, string>> = {
  application: 'A',
  system_call: 'S',
  network: 'N',
};

/** Services by their share of all self time; a click looks for one. */
export function Legend({ outline, view }: { outline: TraceOutline; view: TraceView }) {
  const [all, setAll] = useState(false);
  const total = outline.services.reduce((sum, { selfNs }) => sum + selfNs, 0);
  const sorted = outline.services.toSorted((a, b) => b.selfNs - a.selfNs || b.spans - a.spans);
  const chosen = sorted.findIndex(({ name }) => name === view.service);
  const shown = all ? sorted : sorted.slice(0, Math.max(few, chosen + 1));
  const captured = outline.sources.system_call + outline.sources.network > 0;
  return (
    <div className={styles.legend}>
      <ul aria-label="Services by share of self time">
        {shown.map(({ name, spans, errors, selfNs }) => (
          <li key={name}>
            <button
              type="button"
              className={styles.service}
              aria-pressed={view.service === name}
              disabled={name === ''}
              title={`${spans.toLocaleString()} spans, ${errors.toLocaleString()} errors`}
              onClick={() =>
                setParams(
                  { service: view.service === name ? '' : name, operation: '' },
                  { replace: true },
                )
              }
            >
              <ServiceDot name={name} />
              <Name text={name} empty="(no service)" />
              <span className={styles.share}>{percent(total === 0 ? 0 : selfNs / total)}</span>
              {errors > 0 && <span className={styles.errors}>{count(errors)}!</span>}
            </button>
          </li>
        ))}
        {sorted.length > shown.length && (
          <li>
            <Button look="quiet" onClick={() => setAll(true)}>
              {sorted.length - shown.length} more
            </Button>
          </li>
        )}
      </ul>
      {captured && (
        <ul className={styles.sources} aria-label="Who saw the spans">
          {(Object.keys(letters) as SpanSource[])
            .filter((source) => outline.sources[source] > 0)
            .map((source) => (
              <li key={source}>
                <span className={`${styles.badge} ${styles[source]}`}>{letters[source]}</span>
                {sourceNames[source]} {count(outline.sources[source])}
              </li>
            ))}
        </ul>
      )}
    </div>
  );
}
