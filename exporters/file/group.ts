import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Batch } from '../../pdata/batch.ts';
import { otlpBatch } from '../../pdata/otlp-batch.ts';
import { MessageView, ValueType } from '../../pdata/readers.ts';
import { selectItems } from '../../pdata/select.ts';
import type { Signal } from '../../pdata/signal.ts';
import { Column, NodeKind, stride } from '../../pdata/tree.ts';

/** Items of a batch by the value of a resource attribute. */
export interface Grouped<S extends Signal> {
  readonly groups: ReadonlyMap<string, Batch<S>>;
  /** Items whose resource has no such attribute, or one that is no text. */
  readonly without: number;
}

/** Splits a batch by the text of a resource attribute. */
export function groupByAttribute<S extends Signal>(batch: Batch<S>, name: string): Grouped<S> {
  const source = otlpBatch(batch.plain());
  const key = new AttributeKey(name);
  const view = new MessageView();
  view.attributeField = 1;
  const kept = new Map<string, Uint8Array>();
  let item = 0;
  let without = 0;
  for (let i = 0; i < source.source.length; i += 1) {
    const { bytes, tree } = source.part(i);
    const { nodes } = tree;
    let current: Uint8Array | undefined;
    for (let n = 0; n < tree.count; n += 1) {
      const kind = nodes[n * stride + Column.kind]!;
      if (kind === NodeKind.group) current = undefined;
      else if (kind === NodeKind.resource) {
        view.bind(bytes, tree, n, i);
        if (!view.find(key) || view.value.type !== ValueType.string) continue;
        const value = view.value.string();
        current = kept.get(value) ?? new Uint8Array(source.itemCount);
        kept.set(value, current);
      } else if (kind === NodeKind.item) {
        if (current === undefined) without += 1;
        else current[item] = 1;
        item += 1;
      }
    }
  }
  const groups = new Map<string, Batch<S>>();
  for (const [value, keep] of kept) {
    const part = selectItems(source, keep);
    if (part !== undefined) groups.set(value, part);
  }
  return { groups, without };
}
