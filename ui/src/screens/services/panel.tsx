/** What is known of the node or the edge that was chosen. */
import type { ReactNode } from 'react';
import type {
  RedFigures,
  ServiceMapAnswer,
  ServiceMapEdge,
  ServiceMapNode,
} from '../../../../query/web/contract/services.ts';
import { href, Link } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { bytes, count, duration, percent, rate } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import type { TimeRange } from '../../parts/time-range.ts';
import { Operations } from './operations.tsx';
import styles from './panel.module.css';
import { searchOfEdge, searchOfNode, type TraceSearch, traceParams } from './trace-links.ts';
import { TypeIcon } from './type-icon.tsx';
import {
  errorShare,
  health,
  kindText,
  measureTexts,
  nameOfId,
  redText,
  retransmissionShare,
  sourceTexts,
  timeText,
} from './words.ts';

interface PanelProps {
  readonly data: ServiceMapAnswer;
  readonly range: TimeRange;
  readonly chooseNode: (id: string) => void;
  readonly chooseEdge: (edge: ServiceMapEdge) => void;
  readonly close: () => void;
}

export function NodePanel({
  node,
  pollMs,
  ...props
}: PanelProps & { node: ServiceMapNode; pollMs: number }) {
  const { data, range, chooseEdge, close } = props;
  const search = searchOfNode(node);
  return (
    <Panel label={`About ${node.name}`} close={close}>
      <h2 className={styles.heading}>
        <TypeIcon type={node.type} />
        {node.instrumented && <ServiceDot name={node.name} />}
        <Name text={node.name} empty="(no service.name)" />
      </h2>
      <p className={styles.what}>
        {sentence(node.instrumented ? node.system : kindText(node))}
        {measureTexts[node.measure]}
      </p>
      <Figures red={node.red} />
      <TraceLinks search={search} range={range} errors={node.red.errors > 0} />
      <Neighbours
        title="Called by"
        edges={data.edges.filter(({ to }) => to === node.id)}
        other={(edge) => edge.from}
        choose={chooseEdge}
      />
      <Neighbours
        title="Calls"
        edges={data.edges.filter(({ from }) => from === node.id)}
        other={(edge) => edge.to}
        choose={chooseEdge}
      />
      {node.hidden > 0 && (
        <p className={styles.what}>{node.hidden} more neighbours are not on this map.</p>
      )}
      {node.isolated && (
        <p className={styles.what}>Nobody was seen to call it, and it calls nobody.</p>
      )}
      {search !== undefined && (
        <section>
          <h3>Operations</h3>
          <Operations service={search.service} range={range} pollMs={pollMs} wide={false} />
        </section>
      )}
    </Panel>
  );
}

export function EdgePanel({ edge, ...props }: PanelProps & { edge: ServiceMapEdge }) {
  const { range, chooseNode, close } = props;
  const [from, to] = [nameOfId(edge.from), nameOfId(edge.to)];
  return (
    <Panel label={`Calls of ${from} to ${to}`} close={close}>
      <h2 className={styles.ends}>
        <Button look="quiet" onClick={() => chooseNode(edge.from)}>
          <Name text={from} empty="(no service.name)" />
        </Button>
        <span aria-hidden="true">→</span>
        <Button look="quiet" onClick={() => chooseNode(edge.to)}>
          <Name text={to} empty="(no service.name)" />
        </Button>
      </h2>
      <p className={styles.what}>
        {edge.protocols.length > 0 && `${edge.protocols.join(', ')}. `}
        {sourceTexts[edge.source]}
      </p>
      {edge.source !== 'flow' && <Figures red={edge.red} />}
      <TraceLinks search={searchOfEdge(edge)} range={range} errors={edge.red.errors > 0} />
      <Network edge={edge} />
    </Panel>
  );
}

function Panel({
  label,
  close,
  children,
}: {
  label: string;
  close: () => void;
  children: ReactNode;
}) {
  return (
    <aside className={styles.panel} aria-label={label} aria-live="polite">
      <Button look="quiet" className={styles.close ?? ''} aria-label="Close" onClick={close}>
        ✕
      </Button>
      {children}
    </aside>
  );
}

function Figures({ red }: { red: RedFigures }) {
  return (
    <dl className={styles.figures}>
      <Figure label="Rate" value={rate(red.perSecond)} more={`${count(red.calls)} in all`} />
      <Figure
        label="Errors"
        value={red.calls === 0 ? '–' : percent(errorShare(red))}
        more={`${count(red.errors)} in all`}
        look={health(red)}
      />
      <Figure label="p50" value={timeText(red.p50Ns)} />
      <Figure label="p95" value={timeText(red.p95Ns)} />
      <Figure label="p99" value={timeText(red.p99Ns)} />
    </dl>
  );
}

function Figure({
  label,
  value,
  more = '',
  look = 'good',
}: {
  label: string;
  value: string;
  more?: string;
  look?: string;
}) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={styles[look]}>{value}</dd>
      {more !== '' && <dd className={styles.small}>{more}</dd>}
    </div>
  );
}

function TraceLinks({
  search,
  range,
  errors,
}: {
  search: TraceSearch | undefined;
  range: TimeRange;
  errors: boolean;
}) {
  if (search === undefined) return null;
  return (
    <p className={styles.links}>
      <Link to={href('/traces', traceParams(search, range))}>
        Traces of <Name text={search.service} />
      </Link>
      {errors && (
        <Link to={href('/traces', traceParams({ ...search, errors: true }, range))}>
          Only with errors
        </Link>
      )}
    </p>
  );
}

function Neighbours({
  title,
  edges,
  other,
  choose,
}: {
  title: string;
  edges: readonly ServiceMapEdge[];
  other: (edge: ServiceMapEdge) => string;
  choose: (edge: ServiceMapEdge) => void;
}) {
  if (edges.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul className={styles.neighbours}>
        {edges.map((edge) => (
          <li key={`${edge.from} ${edge.to}`}>
            <button type="button" onClick={() => choose(edge)}>
              <Name text={nameOfId(other(edge))} empty="(no service.name)" />
              <span className={edge.red.errors > 0 ? styles.bad : styles.small}>
                {edge.source === 'flow' ? (edge.protocols[0] ?? 'connections') : redText(edge.red)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Network({ edge }: { edge: ServiceMapEdge }) {
  const { network } = edge;
  if (network === null) {
    return (
      <p className={styles.what}>
        No flow logs of this connection: round-trip time and retransmissions come from the packet
        receiver.
      </p>
    );
  }
  const again = retransmissionShare(edge) ?? 0;
  const { rttNs, rttMaxNs, connections, failedConnections } = network;
  return (
    <section>
      <h3>Network</h3>
      <dl className={styles.figures}>
        <Figure
          label="Round trip"
          value={rttNs === null ? '–' : duration(rttNs)}
          more={rttMaxNs === null ? 'no handshake seen' : `at most ${duration(rttMaxNs)}`}
        />
        <Figure
          label="Sent again"
          value={percent(again)}
          more={`${count(network.retransmissions)} of ${count(network.packets)} packets`}
          look={again > 0.01 ? 'some' : 'good'}
        />
        <Figure
          label="Connections"
          value={count(connections)}
          more={`${count(failedConnections)} ended badly`}
        />
        <Figure label="To the server" value={bytes(network.bytesSent)} />
        <Figure label="Back" value={bytes(network.bytesReceived)} />
      </dl>
    </section>
  );
}

/** `Kafka queue. `; nothing for nothing. */
function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}. `;
}
