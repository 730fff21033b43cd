import type { Batch } from '../batch.ts';
import { type OtlpBatch, otlpBatch } from '../otlp-batch.ts';
import { noBytes } from '../proto/cursor.ts';
import type { Signal } from '../signal.ts';
import { NodeKind, stride, type Tree } from '../tree.ts';
import { MessageView } from './message-view.ts';

/**
 * A walk over a batch, through its edits:
 *
 *     while (r.nextResource()) while (r.nextScope()) while (r.nextItem()) r.item...
 *
 * `nextItem` may also be called alone: it then steps over group borders. The views are moved, never
 * made anew. An absent resource or scope reads as an empty one.
 */
export class GroupReader<S extends Signal> {
  readonly resource = new MessageView();
  readonly scope = new MessageView();
  readonly item = new MessageView();
  protected readonly batch: OtlpBatch<S>;
  protected tree: Tree | undefined;
  protected bytes: Uint8Array = noBytes;
  protected part = -1;
  /** Node that the walk looks at next, and its current groups (-1 = none). */
  protected node = 0;
  #resourceNode = -1;
  #scopeNode = -1;

  constructor(batch: Batch<S>) {
    this.batch = otlpBatch(batch);
    this.resource.attributeField = 1;
    this.scope.attributeField = 3;
  }

  /** Node kind at `node`, -1 past the end. */
  protected kindAt(node: number): number {
    const { tree } = this;
    return tree === undefined || node >= tree.count ? -1 : tree.nodes[node * stride]!;
  }

  #nextPart(): boolean {
    this.part += 1;
    if (this.part >= this.batch.source.length) return false;
    const part = this.batch.part(this.part);
    this.tree = part.tree;
    this.bytes = part.bytes;
    this.node = 0;
    return true;
  }

  /** Moves to the next resource; what is left of the current one is skipped. */
  nextResource(): boolean {
    while (this.kindAt(this.node) > NodeKind.group) this.node += 1;
    while (this.kindAt(this.node) !== NodeKind.group) if (!this.#nextPart()) return false;
    this.#resourceNode = this.node;
    this.node += 1;
    this.#scopeNode = -1;
    if (this.kindAt(this.node) === NodeKind.resource) {
      this.bindNode(this.resource, this.node);
      this.node += 1;
    } else this.resource.bindBytes(this.bytes, 0, 0);
    return true;
  }

  /** Moves to the next scope of the resource; what is left of the current one is skipped. */
  nextScope(): boolean {
    if (this.#resourceNode < 0) return false;
    while (this.kindAt(this.node) > NodeKind.scopeGroup) this.node += 1;
    if (this.kindAt(this.node) !== NodeKind.scopeGroup) return false;
    this.#scopeNode = this.node;
    this.node += 1;
    if (this.kindAt(this.node) === NodeKind.scope) {
      this.bindNode(this.scope, this.node);
      this.node += 1;
    } else this.scope.bindBytes(this.bytes, 0, 0);
    this.enterScope();
    return true;
  }

  /** For readers that keep more than the item. */
  protected enterScope(): void {}

  /** Moves to the next item of the scope. */
  nextItem(): boolean {
    if (this.#scopeNode < 0) return false;
    while (this.kindAt(this.node) > NodeKind.scope && this.kindAt(this.node) < NodeKind.item) {
      this.enterContainer(this.node);
      this.node += 1;
    }
    if (this.kindAt(this.node) !== NodeKind.item) return false;
    this.bindNode(this.item, this.node);
    this.node += 1;
    return true;
  }

  /** Moves to the next item of the batch, over group borders. */
  nextAnyItem(): boolean {
    for (;;) {
      if (this.nextItem()) return true;
      while (!this.nextScope()) if (!this.nextResource()) return false;
    }
  }

  /** Items that are left of the current resource, scope or metric: whichever was moved to last. */
  countItems(): number {
    const last = this.kindAt(this.node - 1);
    let stop: number = NodeKind.container;
    if (last <= NodeKind.scope) stop = NodeKind.scopeGroup;
    if (last <= NodeKind.resource) stop = NodeKind.group;
    let count = 0;
    for (let n = this.node; this.kindAt(n) > stop; n += 1) {
      if (this.kindAt(n) === NodeKind.item) count += 1;
    }
    return count;
  }

  /** A metric, its data or a profile comes before items. */
  protected enterContainer(_node: number): void {}

  protected bindNode(view: MessageView, node: number): void {
    view.bind(this.bytes, this.tree!, node, this.part, this.batch.overlay);
  }

  /** Puts `view` on the group that holds the current resource: field 3 is its schema URL. */
  bindResourceGroup(view: MessageView): void {
    this.bindNode(view, this.#resourceNode);
  }

  /** Puts `view` on the group that holds the current scope: field 3 is its schema URL. */
  bindScopeGroup(view: MessageView): void {
    this.bindNode(view, this.#scopeNode);
  }
}
