import type { Batch } from './batch.ts';
import { Fate, PartDrops, writePart } from './drop.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import type { Part } from './part.ts';
import type { Signal } from './signal.ts';
import { Column, NodeKind, stride, type Tree } from './tree.ts';

/**
 * Some items of a batch, with their resources, scopes and metrics, which keep all else that they
 * hold; those that are left without items go. Whole groups are copied as ranges.
 * @param batch without unwritten edits (see `unedited`)
 * @param keep for each item in the order of the readers: 0 = not
 * @returns undefined when no item is left; the batch itself when all are
 */
export function selectItems<S extends Signal>(
  batch: Batch<S>,
  keep: Uint8Array,
): Batch<S> | undefined {
  const source = otlpBatch(batch);
  const ranges: Uint8Array[] = [];
  const counts: number[] = [];
  let first = 0;
  let kept = 0;
  source.source.forEach((bytes, i) => {
    const items = source.counts[i]!;
    const count = countOf(keep, first, first + items);
    if (count > 0) {
      ranges.push(count === items ? bytes : keptOf(source.part(i), keep, first));
      counts.push(count);
    }
    kept += count;
    first += items;
  });
  if (kept === batch.itemCount && kept > 0) return batch;
  return kept === 0 ? undefined : new OtlpBatch(batch.signal, ranges, counts);
}

function countOf(keep: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i += 1) if (keep[i] !== 0) count += 1;
  return count;
}

function keptOf(part: Part, keep: Uint8Array, first: number): Uint8Array {
  return writePart(part, leftOut(part.tree, keep, first), noBytes);
}

const noBytes = new Uint8Array(0);

/** Those nodes of a request go that are left without items, unless all around them stays. */
function leftOut(tree: Tree, keep: Uint8Array, first: number): PartDrops {
  const { nodes, count } = tree;
  const items = new Int32Array(count);
  const kept = new Int32Array(count);
  let item = first;
  for (let n = 0; n < count; n += 1) {
    if (nodes[n * stride] !== NodeKind.item) continue;
    items[n] = 1;
    kept[n] = keep[item] === 0 ? 0 : 1;
    item += 1;
  }
  for (let n = count - 1; n >= 0; n -= 1) {
    const parent = nodes[n * stride + Column.parent]!;
    if (parent < 0) continue;
    items[parent]! += items[n]!;
    kept[parent]! += kept[n]!;
  }
  const drops = new PartDrops(tree);
  for (let n = 0; n < count; ) {
    const kind = nodes[n * stride]!;
    const isPartly = kept[n]! > 0 && kept[n]! < items[n]!;
    const hasItems = kind !== NodeKind.resource && kind !== NodeKind.scope;
    if (kept[n] === 0 && hasItems) drops.nodes[n] = Fate.goes;
    n = isPartly ? n + 1 : nodes[n * stride + Column.next]!;
  }
  return drops;
}
