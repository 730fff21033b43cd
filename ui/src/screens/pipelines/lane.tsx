import { useRef } from 'react';
import type {
  FoldedProcessor,
  Graph,
  GraphNode,
  Lane,
  PipelinesState,
} from '../../../../query/web/contract/pipelines.ts';
import { Name } from '../../parts/name.tsx';
import { useWidth } from '../../parts/use-width.ts';
import { EdgeChip } from './edge-chip.tsx';
import styles from './lane.module.css';
import { columnsOf, edgesBetween, layoutLane, type Sizes, widthsFor } from './layout.ts';
import { shortName } from './names.ts';
import { cardHeight, NodeCard } from './node-card.tsx';
import { edgeKey, type Readings } from './rates.ts';
import { type Selection, selectEdge, selectNode } from './selection.ts';
import { useNarrow } from './use-narrow.ts';

export interface LaneProps {
  readonly lane: Lane;
  readonly graph: Graph;
  /** Undefined: a preview without numbers. */
  readonly state: PipelinesState | undefined;
  readonly readings: Readings;
  readonly selection: Selection;
}

/** A pipeline from its receivers to its exporters. */
export function LaneView(props: LaneProps) {
  const { lane } = props;
  const narrow = useNarrow();
  const folded = lane.processors.filter((one): one is FoldedProcessor => typeof one !== 'string');
  return (
    <section className={styles.lane} aria-label={`Pipeline ${lane.id}`} data-testid="pipeline-lane">
      <h2 className={styles.heading}>
        <span className={styles.id}>
          <Name text={lane.id} />
        </span>
        {folded.map(({ id, into }) => (
          <span key={id} className={styles.folded}>
            <code>{id}</code> works inside the sending queue of {into.map(shortName).join(', ')}
          </span>
        ))}
      </h2>
      {narrow ? <Stack {...props} /> : <Columns {...props} />}
    </section>
  );
}

/** Of the style sheet, px: a focused card has room for its frame. */
const scrollPadding = 3;

function Columns(props: LaneProps) {
  const { lane, graph, state, readings } = props;
  const states = new Map(state?.nodes.map((node) => [node.name, node]));
  const live = state !== undefined;
  const view = useRef<HTMLElement>(null);
  const room = useWidth(view);
  const sizes: Sizes = {
    ...widthsFor(columnsOf(lane).length, room - 2 * scrollPadding, live),
    chipHeight: 32,
    gap: 8,
    cardHeight: (name) => cardHeight(live ? states.get(name) : undefined, readings),
  };
  const { width, height, cards, edges } = layoutLane(lane, graph.edges, sizes);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section ref={view} className={styles.scroll} tabIndex={0} aria-label={`Graph of ${lane.id}`}>
      <div className={styles.canvas} style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {edges.map(({ edge, path }) => (
            <path key={edgeKey(edge)} d={path} className={styles.edge} />
          ))}
        </svg>
        {cards.map(({ name, x, y, width: w, height: h }) => (
          <div
            key={`${x} ${name}`}
            className={styles.placed}
            style={{ left: x, top: y, width: w, height: h }}
          >
            <Card name={name} isFirst={x === 0} {...props} />
          </div>
        ))}
        {edges.map(({ edge, chip }) =>
          chip === undefined ? null : (
            <div
              key={edgeKey(edge)}
              className={styles.placed}
              style={{ left: chip.x, top: chip.y, width: chip.width, height: chip.height }}
            >
              <Chip edge={edge} {...props} />
            </div>
          ),
        )}
      </div>
    </section>
  );
}

/** The same from top to bottom. */
function Stack(props: LaneProps) {
  const { lane, graph, state } = props;
  const known = new Set(graph.edges.map(edgeKey));
  const columns = columnsOf(lane);
  return (
    <div className={styles.stack}>
      {columns.map((column, i) => (
        <div key={column.join(' ')} className={styles.step}>
          {column.map((name) => (
            <Card key={name} name={name} isFirst={i === 0} {...props} />
          ))}
          {state !== undefined &&
            edgesBetween(column, columns[i + 1] ?? [], known).map((edge) => (
              <div key={edgeKey(edge)} className={styles.link}>
                <span className={styles.linkText}>
                  {shortName(edge.from)} → {shortName(edge.to)}
                </span>
                <span className={styles.linkChip}>
                  <Chip edge={edge} {...props} />
                </span>
              </div>
            ))}
        </div>
      ))}
    </div>
  );
}

function Card({
  name,
  isFirst,
  lane,
  graph,
  state,
  readings,
  selection,
}: LaneProps & { name: string; isFirst: boolean }) {
  const node = graph.nodes.find((one) => one.name === name) ?? unknown(name);
  const selected = selection?.kind === 'node' && selection.name === name;
  return (
    <NodeCard
      node={node}
      state={state?.nodes.find((one) => one.name === name)}
      readings={readings}
      selected={selected}
      otherEnds={otherEnds(node, lane, graph, isFirst)}
      onSelect={state === undefined ? undefined : () => selectNode(name)}
    />
  );
}

/** Of a connector: the pipelines that it comes from, or goes to. */
function otherEnds(node: GraphNode, lane: Lane, graph: Graph, isFirst: boolean): string {
  if (node.kind !== 'connector') return '';
  const others = graph.lanes.filter(
    (one) => one !== lane && (isFirst ? one.exporters : one.receivers).includes(node.name),
  );
  return `${isFirst ? 'from' : 'to'} ${others.map(({ id }) => id).join(', ')}`;
}

function Chip({
  edge,
  state,
  readings,
  selection,
}: LaneProps & { edge: { from: string; to: string } }) {
  const key = edgeKey(edge);
  return (
    <EdgeChip
      edge={edge}
      state={state?.edges.find((one) => edgeKey(one) === key)}
      readings={readings}
      selected={selection?.kind === 'edge' && edgeKey(selection.edge) === key}
      onSelect={() => selectEdge(edge)}
    />
  );
}

function unknown(name: string): GraphNode {
  return {
    name,
    kind: 'processor',
    id: shortName(name),
    type: '',
    description: '',
    stability: {},
    signal: null,
    outputSignal: null,
    config: '',
  };
}
