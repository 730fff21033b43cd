/** The map: what calls what. A chunk of its own, as its libraries are large. */
import {
  Background,
  Controls,
  MarkerType,
  type NodeTypes,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import '@xyflow/react/dist/base.css';
import type { ServiceMapAnswer, ServiceMapEdge } from '../../../../query/web/contract/services.ts';
import { CallEdge, type CallEdgeType } from './call-edge.tsx';
import type { Layout, LayoutRequest } from './layout.ts';
import styles from './map.module.css';
import { type CardNode, cardSize, NodeCard } from './node-card.tsx';
import { useLayout } from './use-layout.ts';
import { matches, type ViewState } from './view-state.ts';
import { health } from './words.ts';

export interface MapProps {
  readonly data: ServiceMapAnswer;
  readonly state: ViewState;
  readonly chooseNode: (id: string) => void;
  readonly chooseEdge: (edge: ServiceMapEdge) => void;
  /** Nothing is chosen any more. */
  readonly clear: () => void;
}

const nodeTypes: NodeTypes = { card: NodeCard };
const edgeTypes = { call: CallEdge };
const fit = { padding: 0.08, maxZoom: 1.1 };
const colours = { good: 'var(--line-strong)', some: 'var(--warn-bar)', bad: 'var(--error-bar)' };

export default function ServiceMap(props: MapProps) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ data, state, chooseNode, chooseEdge, clear }: MapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const down = useNarrow(frame);
  const request = useMemo(() => layoutRequest(data, down), [data, down]);
  const done = useLayout(request);
  const layout = done?.layout;
  const { fitView } = useReactFlow();
  const key = done?.key ?? '';
  useEffect(() => {
    if (key === '') return;
    const frameOf = requestAnimationFrame(() => void fitView({ ...fit, duration: 200 }));
    return () => cancelAnimationFrame(frameOf);
  }, [key, fitView]);
  const nodes = useMemo(
    () => (layout === undefined ? [] : cards(data, state, { layout, down, choose: chooseNode })),
    [data, state, layout, down, chooseNode],
  );
  const edges = useMemo(() => calls(data, state, chooseEdge), [data, state, chooseEdge]);
  return (
    <div className={styles.frame} ref={frame} data-testid="service-map">
      <ReactFlow
        nodes={nodes}
        edges={layout === undefined ? [] : edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        minZoom={0.1}
        maxZoom={1.6}
        fitView
        fitViewOptions={fit}
        onEdgeClick={(_, edge) => {
          if (edge.data !== undefined) chooseEdge(edge.data.edge);
        }}
        onPaneClick={clear}
        proOptions={{ hideAttribution: true }}
        aria-label="Map of services"
      >
        <Background gap={24} size={1} color="var(--line)" />
        <Controls showInteractive={false} fitViewOptions={fit} />
        {layout?.isolatedAt != null && data.nodes.length > 1 && (
          <Panel position="bottom-right" className={styles.hint}>
            Below: what calls nobody here and is called by nobody
          </Panel>
        )}
      </ReactFlow>
    </div>
  );
}

function layoutRequest(data: ServiceMapAnswer, down: boolean): LayoutRequest {
  return {
    // By id, so that a busier minute does not move anything.
    nodes: data.nodes.map(({ id }) => id).sort(),
    edges: data.edges.map(({ from, to }) => [from, to] as const).sort(),
    nodeWidth: cardSize.width,
    nodeHeight: cardSize.height,
    direction: down ? 'TB' : 'LR',
  };
}

interface Placing {
  readonly layout: Layout;
  readonly down: boolean;
  readonly choose: (id: string) => void;
}

function cards(
  data: ServiceMapAnswer,
  state: ViewState,
  { layout, down, choose }: Placing,
): CardNode[] {
  return data.nodes.flatMap((node): CardNode[] => {
    const position = layout.positions[node.id];
    if (position === undefined) return [];
    const focused = node.id === state.focus;
    const ends = state.caller !== '' && node.id !== state.caller && node.id !== state.callee;
    const dimmed = !matches(node.name, state.find) || ends;
    const card = { node, focused, dimmed, down, choose };
    return [{ id: node.id, type: 'card', position, data: card, ...cardSize }];
  });
}

function calls(
  data: ServiceMapAnswer,
  state: ViewState,
  choose: (edge: ServiceMapEdge) => void,
): CallEdgeType[] {
  const names = new Map(data.nodes.map(({ id, name }) => [id, name]));
  return data.edges.map((edge): CallEdgeType => {
    const { from, to, red } = edge;
    const chosen = from === state.caller && to === state.callee;
    const other = state.caller !== '' && !chosen;
    const found = [from, to].some((id) => matches(names.get(id) ?? '', state.find));
    const look = { edge, chosen, dimmed: other || !found, choose };
    const color = colours[health(red)];
    return {
      id: JSON.stringify([from, to]),
      source: from,
      target: to,
      type: 'call',
      data: look,
      zIndex: chosen ? 10 : 0,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        color,
        width: 14,
        height: 14,
        markerUnits: 'userSpaceOnUse',
      },
    };
  });
}

/** Whether an element is too narrow for a map from left to right. */
function useNarrow(element: { readonly current: HTMLElement | null }): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setNarrow(entry.contentRect.width < 560);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return narrow;
}
