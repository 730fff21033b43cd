import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';
import type { ServiceMapNode } from '../../../../query/web/contract/services.ts';
import { rate } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import styles from './map.module.css';
import { TypeIcon } from './type-icon.tsx';
import { errorShare, health, kindText, redText, shortPercent, timeText } from './words.ts';

export const cardSize = { width: 232, height: 66 };

export interface CardData extends Record<string, unknown> {
  readonly node: ServiceMapNode;
  readonly focused: boolean;
  /** Does not hold what is looked for, or is not next to what is looked at. */
  readonly dimmed: boolean;
  readonly down: boolean;
  readonly choose: (id: string) => void;
}

export type CardNode = Node<CardData, 'card'>;

const turn = 2 * Math.PI * 12;

/** A node of the map: the ring is the share of its requests that failed. */
export const NodeCard = memo(function NodeCard({ data }: NodeProps<CardNode>) {
  const { node, focused, dimmed, down, choose } = data;
  const { red } = node;
  const failed = errorShare(red);
  const look = [
    styles.card,
    styles[health(red)],
    focused ? styles.focused : '',
    dimmed ? styles.dimmed : '',
    node.instrumented ? '' : styles.peer,
  ];
  return (
    <>
      <Handle
        type="target"
        position={down ? Position.Top : Position.Left}
        isConnectable={false}
        className={styles.handle}
      />
      <button
        type="button"
        className={look.join(' ')}
        title={`${kindText(node)}: ${redText(red)}`}
        aria-pressed={focused}
        data-testid="service-node"
        onClick={() => choose(node.id)}
      >
        <span className={styles.ring}>
          <svg width="30" height="30" viewBox="0 0 30 30" aria-hidden="true">
            <circle className={styles.ringAll} cx="15" cy="15" r="12" />
            <circle
              className={styles.ringErrors}
              cx="15"
              cy="15"
              r="12"
              strokeDasharray={`${failed * turn} ${turn}`}
              transform="rotate(-90 15 15)"
            />
          </svg>
          <TypeIcon type={node.type} />
        </span>
        <span className={styles.words}>
          <span className={styles.title}>
            <Name text={node.name} empty="(no service.name)" />
          </span>
          <span className={styles.figures}>
            {red.calls === 0 ? (
              <span>{node.type === 'addresses' ? node.system : 'no requests'}</span>
            ) : (
              <>
                <span>{rate(red.perSecond)}</span>
                {red.errors > 0 && <span className={styles.bad}>{shortPercent(failed)} err</span>}
                <span>p95 {timeText(red.p95Ns)}</span>
              </>
            )}
          </span>
          {!node.instrumented && node.type !== 'addresses' && (
            <span className={styles.kind}>{kindText(node)}</span>
          )}
        </span>
        {node.hidden > 0 && (
          <span className={styles.more} title={`${node.hidden} more neighbours are not shown`}>
            +{node.hidden}
          </span>
        )}
      </button>
      <Handle
        type="source"
        position={down ? Position.Bottom : Position.Right}
        isConnectable={false}
        className={styles.handle}
      />
    </>
  );
});

export type CaptionNode = Node<{ readonly text: string }, 'caption'>;

/** Words on the map. */
export function Caption({ data }: NodeProps<CaptionNode>) {
  return <p className={styles.caption}>{data.text}</p>;
}
