import { Writer } from './proto/writer.ts';
import type { Signal } from './signal.ts';
import { buildTree, Column, NodeKind, stride, type Tree } from './tree.ts';

/** One request of a batch with its index. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly tree: Tree;
}

function isGroup(kind: number): boolean {
  return kind === NodeKind.group || kind === NodeKind.scopeGroup;
}

/** True when every group has its resource or scope. */
function complete(tree: Tree): boolean {
  for (let n = 0; n < tree.count; n += 1) {
    const kind = tree.nodes[n * stride]!;
    if (!isGroup(kind)) continue;
    const inside = n + 1 < tree.nodes[n * stride + Column.next]!;
    if (!inside || tree.nodes[(n + 1) * stride] !== kind + 1) return false;
  }
  return true;
}

/** The request with an empty resource or scope where a group has none: edits need a place. */
function withHeads(bytes: Uint8Array, tree: Tree): Uint8Array {
  const w = new Writer(bytes.length + 64);
  const { nodes } = tree;
  const write = (first: number, stop: number, begin: number, end: number): void => {
    let cursor = begin;
    for (let n = first; n < stop; n = nodes[n * stride + Column.next]!) {
      const at = n * stride;
      if (!isGroup(nodes[at]!)) continue;
      w.copy(bytes, cursor, nodes[at + Column.header]!);
      cursor = nodes[at + Column.end]!;
      const next = nodes[at + Column.next]!;
      const opened = w.open(nodes[at] === NodeKind.group ? 1 : 2, 3);
      if (n + 1 >= next || nodes[at + stride] !== nodes[at]! + 1) {
        w.tag(1, 2);
        w.varint(0);
      }
      write(n + 1, next, nodes[at + Column.body]!, cursor);
      w.close(opened);
    }
    w.copy(bytes, cursor, end);
  };
  write(0, tree.count, 0, bytes.length);
  return w.take();
}

/** Indexes a checked request. */
export function readPart(signal: Signal, bytes: Uint8Array, items: number): Part {
  return { bytes, tree: buildTree(signal, bytes, items) };
}

/** The part itself when all groups have their resource and scope, else a rewritten one. */
export function editablePart(signal: Signal, part: Part, items: number): Part {
  if (complete(part.tree)) return part;
  return readPart(signal, withHeads(part.bytes, part.tree), items);
}
