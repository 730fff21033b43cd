/** Where a value stands in a configuration source; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a YAML scalar stands for. Integers beyond 2^53 are bigint, timestamps Date. */
export type ScalarValue = string | number | bigint | boolean | null | Date;

/** A scalar; `text` is set when it came from a reference such as `${env:X}`. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: ScalarValue;
  /** The text that was parsed to `value`: what a field of type string takes. */
  readonly text?: string;
  /** Why a text is not the map or list that it may have been meant to be. */
  readonly hint?: string;
}

/** A YAML sequence with its place. */
export interface ListNode {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly ConfNode[];
  /** The text that a reference was replaced by. */
  readonly text?: string;
}

/** One key of a map with its value; where sources were merged, the last that had it. */
export interface MapEntry {
  /** Where the key stands. */
  readonly at: Position;
  readonly value: ConfNode;
}

/** A YAML mapping with its place, keys in the order in which they stand. */
export interface MapNode {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, MapEntry>;
  /** The text that a reference was replaced by. */
  readonly text?: string;
}

/** A configuration value that knows where it was written. */
export type ConfNode = ScalarNode | ListNode | MapNode;

/** Keys and list indexes from the root. */
export type ConfPath = readonly (string | number)[];

/** `file:line:column`. */
export function formatPosition(at: Position): string {
  return `${at.file}:${at.line}:${at.column}`;
}

/** The value below `node` at `path`, or undefined. */
export function nodeAt(node: ConfNode, path: ConfPath): ConfNode | undefined {
  let here: ConfNode | undefined = node;
  for (const step of path) {
    if (here?.kind === 'map') here = here.entries.get(String(step))?.value;
    else if (here?.kind === 'list') here = here.items[Number(step)];
    else return undefined;
  }
  return here;
}

/** Where `path` is written: its key, its list item, or the nearest thing around it. */
export function positionAt(node: ConfNode, path: ConfPath): Position {
  let here: ConfNode = node;
  let at = node.at;
  for (const step of path) {
    if (here.kind === 'map') {
      const entry: MapEntry | undefined = here.entries.get(String(step));
      if (entry === undefined) return at;
      at = entry.at;
      here = entry.value;
    } else if (here.kind === 'list') {
      const item: ConfNode | undefined = here.items[Number(step)];
      if (item === undefined) return at;
      at = item.at;
      here = item;
    } else {
      return at;
    }
  }
  return at;
}

/** The value as plain JavaScript; expanded scalars give their parsed value. */
export function toPlain(node: ConfNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  const out: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) define(out, key, toPlain(entry.value));
  return out;
}

/** Sets an own property, also for names such as `__proto__`. */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}
