import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { MetricInfo, ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import { OttlRuntimeError } from '../../ottl/index.ts';
import { FaultLog } from '../../ottl/sequence.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type Config, config } from './config.ts';
import { compileRules } from './rules.ts';
import { sweep } from './sweep.ts';

const counter = (what: string, text: string) =>
  ({
    name: `otelcol_processor_filter_${what}.filtered`,
    description: `Number of ${text} dropped by the filter processor`,
    unit: '1',
    kind: 'counter',
  }) as const satisfies MetricInfo;

const counters = {
  traces: counter('spans', 'spans'),
  metrics: counter('datapoints', 'metric data points'),
  logs: counter('logs', 'logs'),
} as const;

type Filtered = keyof typeof counters;

function processor<S extends Filtered>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const { ledger, logger, meter, clock, random } = settings;
  const info = counters[signal];
  const filtered = meter.counter(info.name, info);
  const labels = { filter: settings.id };
  const faults = new FaultLog();
  const passes = compileRules(signal, decoded, { clock, random }, faults);

  function filter(batch: Batch<S>, ctx: Context): Batch<S> | undefined {
    let kept: Batch<S> | undefined = batch;
    for (const rules of passes) {
      if (kept === undefined) break;
      kept = sweep(kept, rules, ctx.client);
    }
    return kept;
  }

  function filterOrFail(batch: Batch<S>, ctx: Context): Batch<S> | undefined {
    try {
      return filter(batch, ctx);
    } catch (error) {
      if (!(error instanceof OttlRuntimeError)) throw PipelineError.from(error);
      logger.error(`failed processing ${signal}`, { error: error.message });
      throw new PipelineError(error.message, { retryable: true, cause: error });
    } finally {
      faults.flush((condition, { error, count }) => {
        logger.warn('failed to eval condition', { error, condition, count });
      });
    }
  }

  return {
    mutates: false,
    async consume(batch, ctx) {
      const kept = filterOrFail(batch, ctx);
      if (kept !== undefined) await next.consume(kept, ctx);
      const dropped = batch.itemCount - (kept?.itemCount ?? 0);
      if (passes.length > 0) filtered.add(dropped, labels);
      if (dropped > 0) ledger.dropped('filtered', dropped);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

/** Drops telemetry by conditions; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'filter',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha' },
  description: 'Drops resources, scopes, spans, span events, metrics, data points and log records.',
  config,
  metrics: Object.values(counters),
  create: createOnly('filter', ['traces', 'metrics', 'logs'], processor),
};
