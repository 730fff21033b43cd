import type { Component } from '../component/component.ts';
import { background, type Consumer, type Context } from '../component/consumer.ts';
import type { ConnectorFactory, ConnectorNext } from '../component/factory.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import { toJson } from '../pdata/json.ts';
import { type TestSettings, testSettings } from './settings.ts';
import { type CollectingSink, collectingSink } from './sinks.ts';

/** A started connector with sinks behind it and a book that counts. */
export interface StartedConnector<F extends Signal, T extends Signal> {
  readonly settings: TestSettings;
  readonly connector: Component & Consumer<F>;
  /** What all pipelines together got. */
  readonly sink: CollectingSink<T>;
  /** What each pipeline got. */
  readonly pipelines: ReadonlyMap<string, CollectingSink<T>>;
  send(batch: Batch<F>, ctx?: Context): Promise<void>;
  stop(): Promise<void>;
}

/** @param pipelines ids of the pipelines that the connector feeds */
export async function startConnector<F extends Signal, T extends Signal, C>(
  factory: ConnectorFactory<C>,
  [from, to]: readonly [F, T],
  given: unknown,
  options: { readonly pipelines?: readonly string[]; readonly settings?: TestSettings } = {},
): Promise<StartedConnector<F, T>> {
  const settings = options.settings ?? testSettings();
  const { book } = settings;
  const sink = collectingSink<T>();
  book.node('source', 'source');
  book.node('sink', 'source');
  const all: Consumer<T> = book.edge('test', 'sink', sink);
  const sinks = new Map((options.pipelines ?? []).map((id) => [id, collectingSink<T>()]));
  const edges = new Map<string, Consumer<T>>();
  for (const [id, one] of sinks) {
    book.node(id, 'source');
    edges.set(id, book.edge('test', id, one));
  }
  const next: ConnectorNext<T> = {
    mutates: false,
    pipelines: edges,
    consume: (batch, ctx) => all.consume(batch, ctx),
  };
  const connector = factory.create(from, to, settings, factory.config.parse(given), next);
  await connector.start();
  const entry = book.edge('source', 'test', connector);
  return {
    settings,
    connector,
    sink,
    pipelines: sinks,
    send: (batch, ctx = background) => entry.consume(batch, ctx),
    stop: () => connector.shutdown(),
  };
}

interface Point {
  readonly attributes?: readonly { key: string; value: Record<string, unknown> }[];
  readonly asInt?: string;
  readonly count?: string;
  readonly sum?: number;
}

/** Data points of a batch as short lines: `name key=value ... : value`, sorted. */
export function pointLines(batch: Batch<'metrics'>): string[] {
  const request = JSON.parse(toJson(batch)) as {
    resourceMetrics?: { scopeMetrics?: { metrics?: Record<string, unknown>[] }[] }[];
  };
  const metrics = (request.resourceMetrics ?? [])
    .flatMap((group) => group.scopeMetrics ?? [])
    .flatMap((scope) => scope.metrics ?? []);
  return metrics.flatMap((metric) => [...linesOf(metric)]).sort();
}

function* linesOf(metric: Record<string, unknown>): Generator<string> {
  for (const kind of ['gauge', 'sum', 'histogram', 'exponentialHistogram']) {
    const data = metric[kind] as { dataPoints?: Point[] } | undefined;
    for (const { attributes = [], asInt, count, sum = 0 } of data?.dataPoints ?? []) {
      const labels = attributes.map(({ key, value }) => `${key}=${Object.values(value)[0]}`);
      const value = asInt ?? `${count ?? 0}/${sum}`;
      yield `${[metric.name, ...labels].join(' ')}: ${value}`;
    }
  }
}
