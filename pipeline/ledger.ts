import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { FailedAttempt, Meter, NodeLedger, QueueFill } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import { codeName } from '../wire/status/code.ts';

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
  /** Undefined where there is no queue; several are added up. */
  readonly queue: QueueFill | undefined;
  /** The newest attempt to deliver, if it failed, and how many failed since one went well. */
  readonly failing: (FailedAttempt & { readonly attempts: number }) | undefined;
}

/** Of what no items of a pipeline pass through: an extension, the program's own telemetry. */
export const noLedger: NodeLedger = {
  dropped: () => {},
  held: () => {},
  created: () => {},
  delivered: () => {},
  left: () => {},
  found: () => {},
};

/** Items that the far end of an edge refused: senders may have sent them again. */
export interface Refusals {
  /** Name of a gRPC status, e.g. `UNAVAILABLE`. */
  readonly status: string;
  readonly retryable: boolean;
  readonly items: number;
  /** What was said last. */
  readonly message: string;
}

interface EdgeSnapshot {
  readonly from: string;
  readonly to: string;
  readonly items: number;
  readonly refused: readonly Refusals[];
}

/**
 * Looks at what passes an edge, before its far end has it: nothing of it may be kept.
 * @returns what is told how it ended, if that is wanted; absent = accepted
 */
export type EdgeTap = (batch: Batch<Signal>) => ((error?: unknown) => void) | undefined;

/** The book at one moment. Items under way make `missing` differ from 0 until they settle. */
export interface LedgerSnapshot {
  readonly nodes: readonly NodeSnapshot[];
  readonly edges: readonly EdgeSnapshot[];
}

/** The node between one that sends to several and those. */
export function fanoutNode(from: string): string {
  return `fanout of ${from}`;
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
  /** By edge, whether it is there or not. */
  readonly #taps = new Map<string, Set<EdgeTap>>();
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
    const key = edgeKey(from, to);
    let edge = this.#edges.get(key);
    if (edge === undefined) {
      edge = new Edge(from, to, this.#node(from), this.#node(to));
      this.#edges.set(key, edge);
      this.#retap(key);
    }
    return new CountedConsumer(edge, consumer);
  }

  snapshot(): LedgerSnapshot {
    const nodes = Array.from(this.#nodes.values(), (node) => node.snapshot());
    const edges = Array.from(this.#edges.values(), (edge) => edge.snapshot());
    return { nodes, edges };
  }

  /** Whether anything may pass from one node to another. */
  hasEdge(from: string, to: string): boolean {
    return this.#edges.has(edgeKey(from, to));
  }

  /** Shows what passes an edge, also when it is made later. @returns what ends that */
  tap(from: string, to: string, tap: EdgeTap): () => void {
    const key = edgeKey(from, to);
    const taps = this.#taps.get(key) ?? new Set();
    this.#taps.set(key, taps.add(tap));
    this.#retap(key);
    return () => {
      taps.delete(tap);
      if (taps.size === 0 && this.#taps.get(key) === taps) this.#taps.delete(key);
      this.#retap(key);
    };
  }

  #retap(key: string): void {
    const edge = this.#edges.get(key);
    if (edge !== undefined) edge.tap = together([...(this.#taps.get(key) ?? [])]);
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
  /** Those of `heldItems` that an instance that ended left on disk. */
  #leftItems = 0;
  readonly droppedItems = new Map<string, number>();
  readonly #queues = new Set<() => QueueFill>();
  #failing: (FailedAttempt & { readonly attempts: number }) | undefined;
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

  left(items: number): void {
    this.#leftItems += items;
  }

  found(items: number): void {
    const known = Math.min(items, this.#leftItems);
    this.#leftItems -= known;
    this.createdItems += items - known;
    this.heldItems += items - known;
  }

  delivered(items: number): void {
    this.deliveredItems += items;
  }

  queue(read: () => QueueFill): () => void {
    this.#queues.add(read);
    return () => this.#queues.delete(read);
  }

  attempted(failure?: FailedAttempt): void {
    if (failure === undefined) this.#failing = undefined;
    else this.#failing = { ...failure, attempts: (this.#failing?.attempts ?? 0) + 1 };
  }

  #fill(): QueueFill | undefined {
    let all: QueueFill | undefined;
    for (const read of this.#queues) {
      const { size, capacity, unit } = read();
      all = { size: size + (all?.size ?? 0), capacity: capacity + (all?.capacity ?? 0), unit };
    }
    return all;
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
      queue: this.#fill(),
      failing: this.#failing,
    };
  }
}

function edgeKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

/** One tap for several; undefined for none. */
function together(taps: readonly EdgeTap[]): EdgeTap | undefined {
  if (taps.length < 2) return taps[0];
  return (batch) => {
    const ends = taps.map((tap) => tap(batch));
    return (error) => {
      for (const end of ends) end?.(error);
    };
  };
}

class Edge {
  readonly from: string;
  readonly to: string;
  readonly #source: Node;
  readonly #target: Node;
  items = 0;
  /** Undefined while nobody looks. */
  tap: EdgeTap | undefined;
  readonly #refused = new Map<string, Refusals>();

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

  refuse(items: number, thrown: unknown): void {
    const { status: code, retryable, message } = PipelineError.from(thrown);
    const status = codeName(code);
    const key = `${status} ${retryable}`;
    const before = this.#refused.get(key)?.items ?? 0;
    this.#refused.set(key, { status, retryable, items: before + items, message });
  }

  snapshot(): EdgeSnapshot {
    const { from, to, items } = this;
    return { from, to, items, refused: [...this.#refused.values()] };
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

  get takes(): ReadonlySet<string> | undefined {
    return this.#consumer.takes;
  }

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    const items = batch.itemCount;
    const edge = this.#edge;
    const ended = edge.tap?.(batch);
    try {
      await this.#consumer.consume(batch, ctx);
    } catch (thrown) {
      edge.refuse(items, thrown);
      ended?.(thrown);
      throw thrown;
    }
    edge.add(items);
    ended?.();
  }
}
