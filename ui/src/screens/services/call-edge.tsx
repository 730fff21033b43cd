import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, useViewport } from '@xyflow/react';
import { memo } from 'react';
import type { ServiceMapEdge } from '../../../../query/web/contract/services.ts';
import { rate } from '../../parts/format.ts';
import { curve } from './curve.ts';
import type { Route } from './layout-shape.ts';
import styles from './map.module.css';
import { edgeWidth, errorShare, health, nameOfId, redText, shortPercent } from './words.ts';

export interface CallData extends Record<string, unknown> {
  readonly edge: ServiceMapEdge;
  readonly route: Route;
  readonly down: boolean;
  readonly chosen: boolean;
  readonly dimmed: boolean;
  readonly choose: (edge: ServiceMapEdge) => void;
}

export type CallEdgeType = Edge<CallData, 'call'>;

/** Below this zoom the figures on edges could not be read. */
const readable = 0.55;

/** Calls from one node to another: wider with the rate, red with errors, dashed without requests. */
export const CallEdge = memo(function CallEdge(props: EdgeProps<CallEdgeType>) {
  const { data } = props;
  const { zoom } = useViewport();
  if (data === undefined) return null;
  const { edge, route, down, chosen, dimmed, choose } = data;
  const [source, target] = [
    { x: props.sourceX, y: props.sourceY },
    { x: props.targetX, y: props.targetY },
  ];
  const path = curve([source, ...route.points, target], down);
  const { x, y } = route.label;
  const { red } = edge;
  const look = [
    styles.edge,
    styles[health(red)],
    chosen ? styles.chosen : '',
    dimmed ? styles.dimmed : '',
    red.calls === 0 ? styles.flow : '',
  ].join(' ');
  const ends = `${nameOfId(edge.from)} to ${nameOfId(edge.to)}`;
  const width = edgeWidth(red.perSecond) + (chosen ? 1.5 : 0);
  return (
    <>
      <BaseEdge
        path={path}
        className={look}
        style={{ strokeWidth: width }}
        markerEnd={props.markerEnd ?? ''}
        interactionWidth={16}
      />
      {(zoom >= readable || chosen) && (
        <EdgeLabelRenderer>
          <button
            type="button"
            tabIndex={-1}
            className={`${styles.label} ${styles[health(red)]} ${dimmed ? styles.dimmed : ''} nopan`}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            title={`${ends}: ${redText(red)}`}
            data-testid="service-edge"
            onClick={() => choose(edge)}
          >
            <span className="visually-hidden">{ends}: </span>
            {red.calls === 0 ? (edge.protocols[0] ?? 'tcp') : rate(red.perSecond)}
            {red.errors > 0 && <b>{shortPercent(errorShare(red))}</b>}
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
