/** What is looked at beside the graph; it is part of the address. */
import type { GraphEdge } from '../../../../query/web/contract/pipelines.ts';
import { setParams } from '../../app/router.tsx';

export type Selection =
  | { readonly kind: 'node' | 'extension'; readonly name: string }
  | { readonly kind: 'edge'; readonly edge: GraphEdge }
  | undefined;

export function selectionOf(params: URLSearchParams): Selection {
  const [node, extension] = [params.get('node'), params.get('extension')];
  const [from, to] = [params.get('from'), params.get('to')];
  if (node !== null) return { kind: 'node', name: node };
  if (extension !== null) return { kind: 'extension', name: extension };
  if (from !== null && to !== null) return { kind: 'edge', edge: { from, to } };
  return undefined;
}

const none = { node: undefined, extension: undefined, from: undefined, to: undefined };

export function selectNode(name: string): void {
  setParams({ ...none, node: name });
}

export function selectExtension(name: string): void {
  setParams({ ...none, extension: name });
}

export function selectEdge({ from, to }: GraphEdge): void {
  setParams({ ...none, from, to });
}

export function selectNothing(): void {
  setParams(none);
}
