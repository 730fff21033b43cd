import { MessageView } from '../pdata/readers.ts';
import type { OttlMap } from './values.ts';

/** Who sent a batch: what `otelcol.client` and `otelcol.grpc` paths read. */
export interface OttlClient {
  /** `host:port`, '' = not known. */
  readonly address: string;
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** What a place is put on: a reader of pdata (SpanReader, LogReader, MetricReader). */
export interface Walk {
  readonly resource: MessageView;
  readonly scope: MessageView;
  readonly item: MessageView;
  readonly metric?: MessageView;
  readonly data?: MessageView;
  readonly dataKind?: number;
  readonly event?: MessageView;
  /** Puts a view on the group of the current resource; without it schema URLs cannot be read. */
  bindResourceGroup?(view: MessageView): void;
  bindScopeGroup?(view: MessageView): void;
}

/**
 * Where statements run. Made once a walk; the walk's reader moves its views from item to item, so
 * nothing is made per item. Call {@link next} for each item when statements use `cache`.
 */
export class Place {
  readonly walk: Walk;
  readonly resource: MessageView;
  readonly scope: MessageView;
  /** The span, log record or data point. */
  readonly item: MessageView;
  readonly metric: MessageView | undefined;
  /** Gauge, Sum ... of the metric. */
  readonly data: MessageView | undefined;
  /** The span event or exemplar. */
  readonly part: MessageView | undefined;
  readonly client: OttlClient;
  /** Put on a group when a schema URL is asked for. */
  readonly group: MessageView = new MessageView();
  #cache: OttlMap | undefined;

  constructor(walk: Walk, client: OttlClient, part: MessageView | undefined = walk.event) {
    this.walk = walk;
    this.resource = walk.resource;
    this.scope = walk.scope;
    this.item = walk.item;
    this.metric = walk.metric;
    this.data = walk.data;
    this.part = part;
    this.client = client;
  }

  /** The item's `cache`, made when first asked for. */
  get cache(): OttlMap {
    this.#cache ??= new Map();
    return this.#cache;
  }

  /** Forgets the cache: to be called when the walk has moved. */
  next(): void {
    this.#cache = undefined;
  }
}
