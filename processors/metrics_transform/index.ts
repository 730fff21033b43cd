import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { decodeMetrics, encodeMetrics } from '../../pdata/objects/index.ts';
import { MetricReader } from '../../pdata/readers.ts';
import { type Config, config } from './config.ts';
import { Transforms } from './transform.ts';

/** Names whose match is remembered, at most; then all are forgotten. */
const maxNames = 10_000;

function processor(
  settings: Settings,
  given: Config,
  next: Consumer<'metrics'>,
): Component & Consumer<'metrics'> {
  const transforms = new Transforms(given, settings.build.version, settings.logger);
  const concerned = new Map<string, boolean>();

  function concerns(name: string): boolean {
    let known = concerned.get(name);
    if (known === undefined) {
      if (concerned.size >= maxNames) concerned.clear();
      known = transforms.concerns(name);
      concerned.set(name, known);
    }
    return known;
  }

  function isConcerned(batch: Metrics): boolean {
    const reader = new MetricReader(batch);
    while (reader.nextResource()) {
      while (reader.nextScope()) while (reader.nextMetric()) if (concerns(reader.name)) return true;
    }
    return false;
  }

  /** undefined = nothing is left. */
  function changed(batch: Metrics): Metrics | undefined {
    if (!isConcerned(batch)) return batch;
    const groups = transforms.apply(decodeMetrics(batch));
    const result = encodeMetrics(groups);
    const { ledger } = settings;
    const difference = batch.itemCount - result.itemCount;
    if (difference > 0) ledger.dropped('metrics_transform', difference);
    else if (difference < 0) ledger.created(-difference);
    return groups.length === 0 ? undefined : result;
  }

  return {
    mutates: false,
    async consume(batch, ctx) {
      let result: Metrics | undefined;
      try {
        result = changed(batch);
      } catch (error) {
        throw PipelineError.from(error);
      }
      if (result !== undefined) await next.consume(result, ctx);
    },
    start: async () => {
      if (given.transforms.some(({ submatch_case: letters }) => letters !== '')) {
        settings.logger.warn('submatch_case has no effect, as in the Go collector');
      }
    },
    shutdown: async () => {},
  };
}

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  given: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  if (signal !== 'metrics') throw new Error(`BUG: metrics_transform in a pipeline of ${signal}`);
  const made = processor(settings, given, next as unknown as Consumer<'metrics'>);
  return made as unknown as Component & Consumer<S>;
}

/** Renames, copies, joins and regroups metrics and their attributes. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'metrics_transform',
  aliases: ['metricstransform'],
  stability: { metrics: 'beta' },
  description: 'Renames, copies, joins, scales and regroups metrics and their attributes.',
  config,
  create,
};
