import type { GraphNode, NodeState } from '../../../../query/web/contract/pipelines.ts';
import { count } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { findings, type Health, healthOf, isLoss, lostItems } from './health.ts';
import { fillText } from './names.ts';
import styles from './node-card.module.css';
import type { Readings } from './rates.ts';
import { useSeen } from './use-seen.ts';

export interface CardProps {
  readonly node: GraphNode;
  /** Undefined in a preview. */
  readonly state: NodeState | undefined;
  readonly readings: Readings;
  readonly selected: boolean;
  /** Of a connector: which pipelines it joins this one with. */
  readonly otherEnds: string;
  /** Undefined: it leads nowhere. */
  readonly onSelect: (() => void) | undefined;
}

const titleHeight = 48;
const queueHeight = 20;
const findingHeight = 19;

/** Height of a card, px. */
export function cardHeight(state: NodeState | undefined, readings: Readings): number {
  if (state === undefined) return titleHeight;
  const queue = state.queue === null ? 0 : queueHeight;
  return titleHeight + queue + (findings(state, readings).length > 0 ? findingHeight : 0);
}

const labels: Readonly<Record<Health, string>> = {
  ok: 'running',
  warn: 'has had a problem',
  bad: 'has a problem',
  idle: '',
};

/** A component of a pipeline: how it is doing at a glance. */
export function NodeCard(props: CardProps) {
  const { node, state, readings, selected, otherEnds, onSelect } = props;
  const ref = useSeen<HTMLButtonElement>(selected);
  const health = healthOf(state, readings);
  const found = state === undefined ? [] : findings(state, readings);
  const lost = state === undefined ? 0 : lostItems(state);
  const inner = (
    <>
      <span className={styles.title}>
        {state !== undefined && (
          <span className={`${styles.dot} ${styles[health]}`} aria-hidden="true" />
        )}
        <span className="visually-hidden">{node.kind} </span>
        <Name text={node.id} />
        <span className="visually-hidden"> {labels[health]} </span>
      </span>
      <span className={styles.sub}>
        {otherEnds || subtitle(node, state)}
        {lost > 0 && <span className={styles.lost}> · {count(lost)} dropped</span>}
      </span>
      {state?.queue != null && <Queue queue={state.queue} />}
      {found[0] !== undefined && (
        <span className={`${styles.finding} ${styles[found[0].health]}`}>
          <span className={styles.findingText}>{lastPart(found[0].short)}</span>
          {found.length > 1 && <span className={styles.more}>+{found.length - 1}</span>}
        </span>
      )}
    </>
  );
  const said = found.map(({ text }) => text).join('; ');
  const look = `${styles.card} ${styles[`is-${health}`] ?? ''}`;
  if (onSelect === undefined) return <div className={look}>{inner}</div>;
  return (
    <button
      ref={ref}
      type="button"
      className={look}
      aria-pressed={selected}
      title={said === '' ? undefined : said}
      onClick={onSelect}
      data-testid="pipeline-node"
      data-health={health}
      data-node={node.name}
    >
      {inner}
    </button>
  );
}

function subtitle(node: GraphNode, state: NodeState | undefined): string {
  if (state === undefined) return node.kind;
  if (node.kind === 'receiver') return `received ${count(state.out)}`;
  if (node.kind === 'exporter') return `delivered ${count(state.delivered)}`;
  const left = state.dropped.find(({ reason }) => !isLoss(reason));
  if (left !== undefined) return `${count(left.items)} ${left.reason.replaceAll('_', ' ')}`;
  return state.held > 0 ? `holds ${count(state.held)}` : 'processor';
}

function Queue({ queue }: { queue: NonNullable<NodeState['queue']> }) {
  const { size, capacity, unit } = queue;
  const part = capacity === 0 ? 0 : Math.min(1, size / capacity);
  const level = part >= 1 ? styles.bad : part >= 0.8 ? styles.warn : '';
  return (
    <span className={styles.queue} title={`queue: ${size} of ${capacity} ${unit}`}>
      <span className={styles.track}>
        <span className={`${styles.fill} ${level}`} style={{ width: `${part * 100}%` }} />
      </span>
      <span className={styles.queueText}>{fillText(queue)}</span>
    </span>
  );
}

/** The end of an error says what happened; the whole is in the panel. */
function lastPart(text: string): string {
  return text.length <= 30 ? text : (text.split(': ').at(-1) ?? text);
}
