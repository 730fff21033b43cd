/**
 * Code points as pairs [low, high, low, high ...], sorted, apart from each other. `properties` are
 * Unicode properties beside them, each as V8 writes it (`\p{L}`, `\P{Script=Greek}`).
 */
export interface CharSet {
  readonly ranges: readonly number[];
  readonly properties: readonly string[];
  readonly negated: boolean;
}

/** What holds at a place without taking text: ends of the text, of a line, of a word. */
export type Assertion = 'begin' | 'end' | 'beginLine' | 'endLine' | 'word';

/** A parsed pattern. */
export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'group'; readonly index: number; readonly node: Node }
  | { readonly kind: 'concat'; readonly nodes: readonly Node[] }
  | { readonly kind: 'alternate'; readonly nodes: readonly Node[] }
  | Repeat;

interface Repeat {
  readonly kind: 'repeat';
  readonly node: Node;
  readonly min: number;
  /** Infinity when there is no limit */
  readonly max: number;
  readonly greedy: boolean;
}

/** Matches the empty text. */
export const empty: Node = { kind: 'concat', nodes: [] };

/** Whether a node can match the empty string, assertions taken as true. */
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'assert':
      return true;
    case 'group':
      return isNullable(node.node);
    case 'concat':
      return node.nodes.every(isNullable);
    case 'alternate':
      return node.nodes.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.node);
  }
}

/** Whether `found` holds for a node or one below it. */
export function anyNode(node: Node, found: (node: Node) => boolean): boolean {
  if (found(node)) return true;
  switch (node.kind) {
    case 'group':
    case 'repeat':
      return anyNode(node.node, found);
    case 'concat':
    case 'alternate':
      return node.nodes.some((child) => anyNode(child, found));
    default:
      return false;
  }
}
