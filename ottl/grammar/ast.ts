/*
 * What the parser makes of a text. `at` is the offset of a path's first character.
 */

/** A path as `resource.attributes["a"]`; `at` is its offset in the statement, UTF-16 units. */
export interface PathNode {
  readonly kind: 'path';
  readonly at: number;
  /** The first segment when another follows it directly: it may name a context. */
  readonly context: string;
  readonly fields: readonly FieldNode[];
}

/** A segment of a path with the keys that index it. */
export interface FieldNode {
  readonly name: string;
  readonly keys: readonly KeyNode[];
}

/** An index in brackets: a literal, or what is computed for each item. */
export type KeyNode =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'math'; readonly value: MathNode };

/** `name(arguments)[keys]`: an editor when the name begins in lower case, else a converter. */
export interface CallNode {
  readonly kind: 'call';
  readonly editor: boolean;
  readonly name: string;
  readonly arguments: readonly ArgumentNode[];
  readonly keys: readonly KeyNode[];
}

/** An argument of a call. */
export interface ArgumentNode {
  /** Parameter name, '' = by position. */
  readonly name: string;
  /** A value, or the bare name of a converter. */
  readonly value: ValueNode | { readonly kind: 'function'; readonly name: string };
}

/** What may stand in arithmetic. */
export type LiteralNode =
  | CallNode
  | PathNode
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: bigint };

/** `*` and `/` bind stronger than `+` and `-`. */
export type MathOperator = '+' | '-' | '*' | '/';

/** Arithmetic; also a literal in parentheses or with a sign. */
export type MathNode =
  | LiteralNode
  | { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly operand: MathNode }
  | {
      readonly kind: 'binary';
      readonly operator: MathOperator;
      readonly left: MathNode;
      readonly right: MathNode;
    };

/** A value as written; literals are of the language's types. */
export type ValueNode =
  | LiteralNode
  | { readonly kind: 'nil' }
  | { readonly kind: 'lambda'; readonly parameters: readonly string[]; readonly body: LambdaBody }
  | { readonly kind: 'math'; readonly value: MathNode }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, ValueNode])[] }
  | { readonly kind: 'list'; readonly values: readonly ValueNode[] };

/** What a lambda gives: a value, or whether something holds. */
export type LambdaBody =
  | { readonly kind: 'value'; readonly value: ValueNode }
  | { readonly kind: 'condition'; readonly value: ConditionNode };

/** Operators between two values; they do not chain. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition; `and` binds stronger than `or`, `not` than both. */
export type ConditionNode =
  | { readonly kind: 'or'; readonly terms: readonly ConditionNode[] }
  | { readonly kind: 'and'; readonly terms: readonly ConditionNode[] }
  | { readonly kind: 'not'; readonly term: ConditionNode }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'converter'; readonly call: CallNode }
  | {
      readonly kind: 'comparison';
      readonly operator: Comparison;
      readonly left: ValueNode;
      readonly right: ValueNode;
    };

/** An editor's call, for items that meet the condition; undefined = for all. */
export interface StatementNode {
  readonly editor: CallNode;
  readonly where: ConditionNode | undefined;
}
