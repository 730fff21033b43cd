/** The map: what calls what. A chunk of its own, as its libraries are large. */
import {
  Background,
  Controls,
  MarkerType,
  MiniMap,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import '@xyflow/react/dist/base.css';
import type { ServiceMapAnswer, ServiceMapEdge } from '../../../../query/web/contract/services.ts';
import { CallEdge, type CallEdgeType } from './call-edge.tsx';
import { edgeKey, type Layout, type LayoutRequest } from './layout-shape.ts';
import styles from './map.module.css';
import { Caption, type CaptionNode, type CardNode, cardSize, NodeCard } from './node-card.tsx';
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

const nodeTypes: NodeTypes = { card: NodeCard, caption: Caption };
const edgeTypes = { call: CallEdge };
/** Smaller, figures could not be read: one moves around instead. */
const fit = { padding: 0.06, minZoom: 0.4, maxZoom: 1.1 };
const captionGap = 24;
/** Up to so many nodes are seen at once. */
const few = 20;
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
  // Only another arrangement moves the map, not a click on what is in view.
  const middle = useRef<readonly string[]>([]);
  middle.current = middleOf(data, state, down);
  useEffect(() => {
    if (key === '') return;
    const ids = middle.current;
    const nodes = ids.length === 0 ? {} : { nodes: ids.map((id) => ({ id })) };
    const next = requestAnimationFrame(() => void fitView({ ...fit, ...nodes, duration: 200 }));
    return () => cancelAnimationFrame(next);
  }, [key, fitView]);
  const nodes = useMemo(
    () =>
      layout === undefined
        ? []
        : [
            ...cards(data, state, { layout, down, choose: chooseNode }),
            ...captions(layout, data.nodes.length),
          ],
    [data, state, layout, down, chooseNode],
  );
  const edges = useMemo(
    () => (layout === undefined ? [] : calls(data, state, { layout, down, choose: chooseEdge })),
    [data, state, layout, down, chooseEdge],
  );
  return (
    <div className={styles.frame} ref={frame} data-testid="service-map">
      <ReactFlow
        nodes={nodes}
        edges={edges}
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
        {nodes.length > few && !down && (
          <MiniMap
            pannable
            zoomable
            ariaLabel="The whole map"
            nodeColor={colourOf}
            maskColor="var(--mini-mask)"
            bgColor="var(--surface)"
          />
        )}
      </ReactFlow>
    </div>
  );
}

/**
 * Ids of the nodes that are moved into view; none = all. A narrow map shows one, and a map that
 * does not fit what is chosen with its neighbours.
 */
function middleOf(data: ServiceMapAnswer, state: ViewState, down: boolean): readonly string[] {
  const { focus, caller, callee } = state;
  const shown = new Set(data.nodes.map(({ id }) => id));
  const chosen = (focus === '' ? [caller, callee] : [focus]).filter((id) => shown.has(id));
  if (down) return [...chosen, ...data.nodes.map(({ id }) => id)].slice(0, 1);
  if (chosen.length === 0 || data.nodes.length <= few) return [];
  const around = data.edges.filter(({ from, to }) => chosen.includes(from) || chosen.includes(to));
  return [...new Set([...chosen, ...around.flatMap(({ from, to }) => [from, to])])];
}

function colourOf(node: CardNode | CaptionNode): string {
  if (node.type !== 'card') return 'transparent';
  const { red } = node.data.node;
  return health(red) === 'good' ? 'var(--line-strong)' : 'var(--error-bar)';
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

interface Placing<T> {
  readonly layout: Layout;
  readonly down: boolean;
  readonly choose: (one: T) => void;
}

function cards(
  data: ServiceMapAnswer,
  state: ViewState,
  { layout, down, choose }: Placing<string>,
): CardNode[] {
  return data.nodes.flatMap((node): CardNode[] => {
    const position = layout.positions.get(node.id);
    if (position === undefined) return [];
    const focused = node.id === state.focus;
    const ends = state.caller !== '' && node.id !== state.caller && node.id !== state.callee;
    const dimmed = !matches(node.name, state.find) || ends;
    const card = { node, focused, dimmed, down, choose };
    return [{ id: node.id, type: 'card', position, data: card, ...cardSize }];
  });
}

/** What stands above the nodes without an edge. */
function captions({ isolatedAt }: Layout, nodes: number): CaptionNode[] {
  if (isolatedAt === null || nodes === 1) return [];
  const text = 'Without calls here';
  const position = { x: isolatedAt.x, y: isolatedAt.y - captionGap };
  return [{ id: 'caption', type: 'caption', position, data: { text } }];
}

function calls(
  data: ServiceMapAnswer,
  state: ViewState,
  { layout, down, choose }: Placing<ServiceMapEdge>,
): CallEdgeType[] {
  const names = new Map(data.nodes.map(({ id, name }) => [id, name]));
  return data.edges.flatMap((edge): CallEdgeType[] => {
    const { from, to, red } = edge;
    const route = layout.routes.get(edgeKey(from, to));
    if (route === undefined) return [];
    const chosen = from === state.caller && to === state.callee;
    const other = state.caller !== '' && !chosen;
    const found = [from, to].some((id) => matches(names.get(id) ?? '', state.find));
    const look = { edge, route, down, chosen, dimmed: other || !found, choose };
    const color = colours[health(red)];
    const drawn: CallEdgeType = {
      id: edgeKey(from, to),
      source: from,
      target: to,
      type: 'call',
      data: look,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        color,
        width: 14,
        height: 14,
        markerUnits: 'userSpaceOnUse',
      },
    };
    return [drawn];
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
