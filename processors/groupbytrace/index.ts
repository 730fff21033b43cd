import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { type Config, checkConfig, config } from './config.ts';
import { GroupByTrace } from './processor.ts';
import { metrics } from './telemetry.ts';

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  if (signal !== 'traces') throw new Error(`cannot use groupbytrace in a pipeline of ${signal}`);
  const processor = new GroupByTrace(decoded, settings, next as unknown as Consumer<'traces'>);
  return processor as unknown as Component & Consumer<S>;
}

/** Gathers the spans of each trace; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'groupbytrace',
  stability: { traces: 'beta' },
  description: 'Gathers the spans of each trace for a while, and sends each trace on as a batch.',
  config,
  metrics,
  check: (_signal, decoded) => checkConfig(decoded),
  create,
};
