import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { MetricInfo, ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import type { Batch } from '../../pdata/batch.ts';
import { pickItems } from '../../pdata/pick.ts';
import { type Config, config } from './config.ts';
import { itemSampler } from './sampler.ts';

const prefix = 'otelcol_processor_probabilistic_sampler_';

const counters = {
  traces: {
    name: `${prefix}count_traces_sampled`,
    description: 'Count of traces that were sampled or not',
    unit: '1',
    kind: 'counter',
  },
  logs: {
    name: `${prefix}count_logs_sampled`,
    description: 'Count of logs that were sampled or not',
    unit: '1',
    kind: 'counter',
  },
} as const satisfies Record<string, MetricInfo>;

type Sampled = 'traces' | 'logs';

function processor<S extends Sampled>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const { ledger, logger, meter } = settings;
  const info = counters[signal];
  const counter = meter.counter(info.name, info);
  const sampler = itemSampler(signal, decoded, logger);

  function sample(batch: Batch<S>): Batch<S> | undefined {
    const kept = pickItems(batch, sampler.decide);
    sampler.flush((policy, sampled, items) => {
      counter.add(items, { policy, sampled: String(sampled) });
    });
    return kept;
  }

  return {
    mutates: false,
    async consume(batch, ctx) {
      let kept: Batch<S> | undefined;
      try {
        kept = sample(batch);
      } catch (error) {
        throw PipelineError.from(error);
      }
      if (kept !== undefined) await next.consume(kept, ctx);
      const dropped = batch.itemCount - (kept?.itemCount ?? 0);
      if (dropped > 0) ledger.dropped('not_sampled', dropped);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

/** Samples spans and log records by trace id, trace state or attributes; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'probabilistic_sampler',
  stability: { traces: 'beta', logs: 'alpha' },
  description: 'Keeps a percentage of spans and log records, those of a trace together.',
  config,
  metrics: Object.values(counters),
  create: createOnly('probabilistic_sampler', ['traces', 'logs'], processor),
};
