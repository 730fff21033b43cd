/** Nodes of a parsed expression; `at` is the offset in its text. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'nil' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pointer'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: '!' | '-' | '+'; readonly node: Node }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: 'chain'; readonly node: Node }
  | {
      readonly kind: 'member';
      readonly node: Node;
      readonly property: Node;
      readonly optional: boolean;
    }
  | {
      readonly kind: 'slice';
      readonly node: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'if'; readonly test: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [Node, Node])[] }
);
