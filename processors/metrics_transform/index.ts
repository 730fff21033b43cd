import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { decodeMetrics, encodeMetrics } from '../../pdata/objects/index.ts';
import { type Config, config } from './config.ts';
import { Editor } from './editor.ts';
import type { Planned } from './plan.ts';
import { Transforms } from './transform.ts';

/** Names whose plan is remembered, at most; then all are forgotten. */
const maxNames = 10_000;

function processor(
  settings: Settings,
  given: Config,
  next: Consumer<'metrics'>,
): Component & Consumer<'metrics'> {
  const transforms = new Transforms(given, settings.build.version, settings.logger);
  const plans = new Map<string, Planned>();
  const { ledger } = settings;

  function planOf(name: string): Planned {
    let known = plans.get(name);
    if (known === undefined) {
      if (plans.size >= maxNames) plans.clear();
      known = transforms.plan(name);
      plans.set(name, known);
    }
    return known;
  }

  const editor = new Editor(planOf);

  /** undefined = nothing is left. */
  function changed(batch: Metrics): Metrics | undefined {
    let result = editor.edit(batch);
    if (result === 'none') return batch;
    if (result === 'objects') result = encodeMetrics(transforms.apply(decodeMetrics(batch)));
    const difference = batch.itemCount - result.itemCount;
    if (difference > 0) ledger.dropped('metrics_transform', difference);
    else if (difference < 0) ledger.created(-difference);
    return result.byteLength === 0 ? undefined : result;
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

/** Renames, copies, joins and regroups metrics and their attributes. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'metrics_transform',
  aliases: ['metricstransform'],
  stability: { metrics: 'beta' },
  description: 'Renames, copies, joins, scales and regroups metrics and their attributes.',
  config,
  create: createOnly('metrics_transform', ['metrics'], (_signal, settings, given, next) =>
    processor(settings, given, next),
  ),
};
