import type {
  GraphNode,
  NodeState,
  PipelinesAnswer,
  PipelinesState,
} from '../../../../query/web/contract/pipelines.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ago, count, millis, rate } from '../../parts/format.ts';
import { Empty } from '../../parts/states.tsx';
import { findings, isLoss, reasonText, words } from './health.ts';
import { fillText, shortName } from './names.ts';
import styles from './panel.module.css';
import { Panel } from './panel.tsx';
import { droppedKey, edgeKey, nodeKey, type Readings, rateOf } from './rates.ts';
import { selectEdge } from './selection.ts';

interface Props {
  readonly name: string;
  readonly program: PipelinesAnswer;
  readonly state: PipelinesState;
  readonly readings: Readings;
}

/** All that is known of one node. */
export function NodePanel({ name, program, state, readings }: Props) {
  const node = program.graph.nodes.find((one) => one.name === name);
  if (node === undefined) {
    return (
      <Panel kind="component" title={name}>
        <Empty title="This component does not run">
          The configuration that runs now has no such component.
        </Empty>
      </Panel>
    );
  }
  const numbers = state.nodes.find((one) => one.name === name);
  return (
    <Panel kind={node.kind} title={node.id}>
      <p className={styles.text}>{node.description}</p>
      {numbers !== undefined && <Findings node={numbers} readings={readings} />}
      <About node={node} state={numbers} now={millis(state.nowUnixNano)} program={program} />
      {numbers !== undefined && <Numbers node={numbers} kind={node.kind} readings={readings} />}
      <Edges name={name} program={program} state={state} readings={readings} />
      <Config yaml={node.config} />
    </Panel>
  );
}

function Findings({ node, readings }: { node: NodeState; readings: Readings }) {
  return findings(node, readings).map(({ health, text }) => (
    <p key={text} className={`${styles.finding} ${styles[health]}`}>
      {text}
    </p>
  ));
}

function About({
  node,
  state,
  now,
  program,
}: {
  node: GraphNode;
  state: NodeState | undefined;
  now: number;
  program: PipelinesAnswer;
}) {
  const lanes = program.graph.lanes.filter(({ receivers, processors, exporters }) =>
    [...receivers, ...processors, ...exporters].includes(node.name),
  );
  const stability = Object.entries(node.stability).map(([signal, level]) => `${signal} ${level}`);
  return (
    <dl className={styles.pairs}>
      {state !== undefined && (
        <>
          <dt>Status</dt>
          <dd>
            {words(state.status)}, since {ago(state.statusSinceUnixNano, now)}
          </dd>
        </>
      )}
      {state?.failing != null && (
        <>
          <dt>Last attempt</dt>
          <dd>failed {ago(state.failing.atUnixNano, now)}</dd>
        </>
      )}
      <dt>Type</dt>
      <dd>
        {node.type}, version {program.programVersion}
      </dd>
      {stability.length > 0 && (
        <>
          <dt>Stability</dt>
          <dd>{stability.join(', ')}</dd>
        </>
      )}
      <dt>Pipelines</dt>
      <dd>{lanes.map(({ id }) => id).join(', ')}</dd>
    </dl>
  );
}

interface Line {
  readonly term: string;
  readonly items: number;
  readonly rate: number | undefined;
  readonly note?: string;
  readonly loss?: boolean;
}

function Numbers({
  node,
  kind,
  readings,
}: {
  node: NodeState;
  kind: GraphNode['kind'];
  readings: Readings;
}) {
  const lines: Line[] = [];
  const add = (term: string, counter: 'in' | 'out' | 'delivered', note: string) =>
    lines.push({
      term,
      items: node[counter],
      rate: rateOf(readings, nodeKey(node.name, counter)),
      note,
    });
  if (kind !== 'receiver') add('in', 'in', 'taken from the components before');
  if (kind !== 'exporter') add('out', 'out', 'taken by the components behind');
  if (node.delivered > 0 || kind === 'exporter') {
    add('delivered', 'delivered', kind === 'exporter' ? 'the destination has them' : 'ended here');
  }
  if (node.created > 0) {
    const note = 'made here, or read back from disk';
    lines.push({ term: 'created', items: node.created, rate: undefined, note });
  }
  for (const { reason, items } of node.dropped) {
    const now = rateOf(readings, droppedKey(node.name, reason));
    const term = `dropped: ${reason}`;
    lines.push({ term, items, rate: now, note: reasonText(reason), loss: isLoss(reason) });
  }
  if (kind !== 'receiver') {
    lines.push({ term: 'held', items: node.held, rate: undefined, note: 'here now' });
  }
  return (
    <section>
      <table className={styles.numbers}>
        <thead>
          <tr>
            <th scope="col">Items since the start</th>
            <th scope="col">total</th>
            <th scope="col">now</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ term, items, rate: now, note, loss }) => (
            <tr key={term} className={loss === true ? styles.loss : undefined}>
              <th scope="row">
                {term}
                <span className={styles.note}>{note}</span>
              </th>
              <td title={String(items)}>{count(items)}</td>
              <td>{now === undefined ? '' : rate(now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {node.queue !== null && (
        <p className={styles.text}>
          Queue: {fillText(node.queue)}
          {node.queue.unit !== 'bytes' && ` ${node.queue.unit}`}.
        </p>
      )}
    </section>
  );
}

function Edges({ name, program, state, readings }: Props) {
  const edges = program.graph.edges.filter(({ from, to }) => from === name || to === name);
  if (edges.length === 0) return null;
  const known = new Map(state.edges.map((edge) => [edgeKey(edge), edge]));
  return (
    <section>
      <h3>What passes</h3>
      <ul className={styles.links}>
        {edges.map((edge) => {
          const now = rateOf(readings, edgeKey(edge));
          const refused = known.get(edgeKey(edge))?.refused ?? [];
          return (
            <li key={edgeKey(edge)}>
              <span>
                {edge.from === name ? `to ${shortName(edge.to)}` : `from ${shortName(edge.from)}`}
                {now !== undefined && `, ${rate(now)}`}
                {refused.map(({ status, retryable, items, message }) => (
                  <span key={`${status} ${retryable}`} className={`${styles.note} ${styles.loss}`}>
                    {count(items)} refused ({status}, {retryable ? 'may be sent again' : 'for good'}
                    ): {message}
                  </span>
                ))}
              </span>
              <Button look="quiet" onClick={() => selectEdge(edge)}>
                Look
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** A configuration with its defaults. */
export function Config({ yaml }: { yaml: string }) {
  return (
    <section>
      <div className={styles.row}>
        <h3>Configuration</h3>
        <CopyButton look="quiet" text={yaml}>
          Copy
        </CopyButton>
      </div>
      <p className={styles.note}>With all defaults; secrets are masked.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <pre className={styles.yaml} tabIndex={0}>
        {yaml}
      </pre>
    </section>
  );
}

/** One extension. */
export function ExtensionPanel({ name, program }: { name: string; program: PipelinesAnswer }) {
  const found = program.extensions.find(({ id }) => id === name);
  return (
    <Panel kind="extension" title={name}>
      {found === undefined ? (
        <Empty title="This extension does not run" />
      ) : (
        <Config yaml={found.config} />
      )}
    </Panel>
  );
}
