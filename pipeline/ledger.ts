import type { Consumer, Context } from '../component/consumer.ts';
import type { Meter, NodeLedger } from '../component/settings.ts';
import type { Signal, SignalData } from '../component/signals.ts';

/** What happened to items at one node, all counts in items since start. */
export interface NodeSnapshot {
  readonly node: string;
  /** Exporters deliver: nothing leaves them along an edge. */
  readonly in: number;
  readonly out: number;
  readonly created: number;
  readonly delivered: number;
  readonly held: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Items that are accounted for by nothing: 0 when idle and right. */
  readonly missing: number;
}

export interface EdgeSnapshot {
  readonly from: string;
  readonly to: string;
  readonly items: number;
}

export interface LedgerSnapshot {
  readonly nodes: readonly NodeSnapshot[];
  readonly edges: readonly EdgeSnapshot[];
}

/**
 * How a node is balanced. `source`: receivers, whose items come from outside. `transit`:
 * in + created = out + delivered + dropped + held. `fanout`: each branch takes what it takes.
 */
export type NodeRole = 'source' | 'transit' | 'fanout';

/**
 * The book of where items went. An item counts on an edge when the consumer at its end accepted
 * it, so a refused batch counts nowhere, and a balance holds whenever nothing is under way.
 */
export class Ledger {
  readonly #nodes = new Map<string, Node>();
  readonly #edges = new Map<string, Edge>();
  readonly #meter: Meter | undefined;
  readonly #gauges: (() => void)[] = [];

  /** @param meter where `wirestitch_ledger_items` is exposed; none = not at all */
  constructor(meter?: Meter) {
    this.#meter = meter;
  }

  /**
   * The account of a node, made at the first call.
   * @param id unique in the graph, e.g. `traces/processor/batch/1`
   */
  node(id: string, role: NodeRole = 'transit'): NodeLedger {
    return this.#node(id, role);
  }

  /** `to` as seen by `from`: what it accepts is counted on the edge between them. */
  edge<S extends Signal>(from: string, to: string, consumer: Consumer<S>): Consumer<S> {
    const key = `${from}\n${to}`;
    let edge = this.#edges.get(key);
    if (edge === undefined) {
      edge = new Edge(from, to, this.#node(from), this.#node(to));
      this.#edges.set(key, edge);
    }
    return new CountedConsumer(edge, consumer);
  }

  snapshot(): LedgerSnapshot {
    const nodes = Array.from(this.#nodes.values(), (node) => node.snapshot());
    const edges = Array.from(this.#edges.values(), ({ from, to, items }) => ({ from, to, items }));
    return { nodes, edges };
  }

  /** One line per node that does not balance; empty when all is accounted for. Call when idle. */
  check(): string[] {
    return this.snapshot()
      .nodes.filter((node) => node.missing !== 0)
      .map((node) => {
        const dropped = Object.entries(node.dropped).map(([reason, n]) => ` ${reason}=${n}`);
        return (
          `${node.node}: ${node.missing} items missing: in ${node.in} + created ${node.created}` +
          ` != out ${node.out} + delivered ${node.delivered} + held ${node.held}` +
          ` + dropped${dropped.join('') || ' 0'}`
        );
      });
  }

  /** Unregisters the metrics. */
  close(): void {
    for (const unregister of this.#gauges.splice(0)) unregister();
  }

  #node(id: string, role: NodeRole = 'transit'): Node {
    let node = this.#nodes.get(id);
    if (node === undefined) {
      const created: Node = new Node(id, role, (flow, read, reason) =>
        this.#expose(created, flow, read, reason),
      );
      node = created;
      this.#nodes.set(id, node);
      node.exposeAll();
    } else if (role !== 'transit') {
      node.role = role;
    }
    return node;
  }

  #expose(node: Node, flow: string, read: () => number, reason: string): void {
    if (this.#meter === undefined) return;
    const attributes = reason === '' ? { node: node.id, flow } : { node: node.id, flow, reason };
    const description =
      'Items that came in, went out, were created, delivered, dropped or are held';
    const options = { description, unit: '{items}' };
    this.#gauges.push(this.#meter.gauge('wirestitch_ledger_items', options, read, attributes));
  }
}

type Expose = (flow: string, read: () => number, reason: string) => void;

class Node implements NodeLedger {
  readonly id: string;
  role: NodeRole;
  in = 0;
  out = 0;
  createdItems = 0;
  deliveredItems = 0;
  heldItems = 0;
  readonly droppedItems = new Map<string, number>();
  readonly #expose: Expose;

  constructor(id: string, role: NodeRole, expose: Expose) {
    this.id = id;
    this.role = role;
    this.#expose = expose;
  }

  exposeAll(): void {
    this.#expose('in', () => this.in, '');
    this.#expose('out', () => this.out, '');
    this.#expose('created', () => this.createdItems, '');
    this.#expose('delivered', () => this.deliveredItems, '');
    this.#expose('held', () => this.heldItems, '');
  }

  dropped(reason: string, items: number): void {
    const before = this.droppedItems.get(reason);
    this.droppedItems.set(reason, (before ?? 0) + items);
    if (before !== undefined) return;
    this.#expose('dropped', () => this.droppedItems.get(reason) ?? 0, reason);
  }

  held(delta: number): void {
    this.heldItems += delta;
  }

  created(items: number): void {
    this.createdItems += items;
  }

  delivered(items: number): void {
    this.deliveredItems += items;
  }

  snapshot(): NodeSnapshot {
    let dropped = 0;
    for (const items of this.droppedItems.values()) dropped += items;
    const gone = this.out + this.deliveredItems + dropped + this.heldItems;
    return {
      node: this.id,
      in: this.in,
      out: this.out,
      created: this.createdItems,
      delivered: this.deliveredItems,
      held: this.heldItems,
      dropped: Object.fromEntries(this.droppedItems),
      missing: this.role === 'transit' ? this.in + this.createdItems - gone : 0,
    };
  }
}

class Edge {
  readonly from: string;
  readonly to: string;
  readonly #source: Node;
  readonly #target: Node;
  items = 0;

  constructor(from: string, to: string, source: Node, target: Node) {
    this.from = from;
    this.to = to;
    this.#source = source;
    this.#target = target;
  }

  add(items: number): void {
    this.items += items;
    this.#source.out += items;
    this.#target.in += items;
  }
}

class CountedConsumer<S extends Signal> implements Consumer<S> {
  readonly #edge: Edge;
  readonly #consumer: Consumer<S>;

  constructor(edge: Edge, consumer: Consumer<S>) {
    this.#edge = edge;
    this.#consumer = consumer;
  }

  get mutates(): boolean {
    return this.#consumer.mutates;
  }

  async consume(batch: SignalData[S], ctx: Context): Promise<void> {
    const items = batch.itemCount;
    await this.#consumer.consume(batch, ctx);
    this.#edge.add(items);
  }
}
