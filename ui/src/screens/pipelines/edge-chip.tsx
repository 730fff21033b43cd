import type { EdgeState, GraphEdge } from '../../../../query/web/contract/pipelines.ts';
import { count, rate } from '../../parts/format.ts';
import styles from './edge-chip.module.css';
import { refusedItems } from './health.ts';
import { shortName } from './names.ts';
import { edgeKey, type Readings, rateOf, refusedKey } from './rates.ts';
import { useSeen } from './use-seen.ts';

export interface ChipProps {
  readonly edge: GraphEdge;
  readonly state: EdgeState | undefined;
  readonly readings: Readings;
  readonly selected: boolean;
  readonly onSelect: () => void;
}

/** There is little room: `2.2K`. */
const brief = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 });

/** Numbers of an edge; a click shows what passes. */
export function EdgeChip({ edge, state, readings, selected, onSelect }: ChipProps) {
  const ref = useSeen<HTMLButtonElement>(selected);
  const now = rateOf(readings, edgeKey(edge));
  const refusedNow = (rateOf(readings, refusedKey(edge)) ?? 0) > 0;
  const refused = refusedItems(state);
  const items = state?.items ?? 0;
  const flows = (now ?? 0) > 0;
  const look = refused === 0 ? '' : refusedNow ? styles.bad : styles.warn;
  const said = refused === 0 ? '' : `, ${refused} refused`;
  return (
    <button
      ref={ref}
      type="button"
      className={`${styles.chip} ${flows ? styles.flows : ''} ${look}`}
      aria-pressed={selected}
      title={`${items} items${said}. Click to see what passes.`}
      onClick={onSelect}
      data-testid="pipeline-edge"
      data-from={edge.from}
      data-to={edge.to}
    >
      <span className="visually-hidden">
        From {shortName(edge.from)} to {shortName(edge.to)}:{' '}
      </span>
      <span className={styles.rate}>{now === undefined ? '–' : rate(now)}</span>
      <span className={styles.total}>
        {refused === 0 ? count(items) : `${brief.format(refused)} refused`}
      </span>
    </button>
  );
}
