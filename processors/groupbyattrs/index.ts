import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import type { Batch } from '../../pdata/batch.ts';
import { AttributeKey } from '../../pdata/readers.ts';
import { type Config, config } from './config.ts';
import { regroup } from './regroup.ts';
import { type Grouped, groupTelemetry, metrics } from './telemetry.ts';

function keysOf({ keys }: Config, { logger }: Settings): AttributeKey[] {
  const known = new Set<string>();
  for (const key of keys) {
    if (known.has(key)) logger.warn('A grouping key is already present', { key });
    if (key !== '') known.add(key);
  }
  return [...known].map((key) => new AttributeKey(key));
}

function create<S extends Grouped>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const keys = keysOf(decoded, settings);
  const report = groupTelemetry(settings.meter, signal);
  return {
    mutates: false,
    async consume(batch, ctx) {
      let result: Batch<S>;
      try {
        const done = regroup(signal, batch as Batch<S>, keys);
        report(done.grouped, done.others, done.groups);
        result = done.batch;
      } catch (error) {
        throw PipelineError.from(error);
      }
      await next.consume(result, ctx);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

/** Moves attributes of items to their resources, and joins resources; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'groupbyattrs',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: 'Moves attributes of items to their resources, and joins resources that are alike.',
  config,
  metrics,
  create: createOnly('groupbyattrs', ['traces', 'metrics', 'logs'], create),
};
