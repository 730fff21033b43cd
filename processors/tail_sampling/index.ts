import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { type Config, config } from './config.ts';
import { TailSampling } from './processor.ts';
import { metrics } from './telemetry.ts';

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  if (signal !== 'traces') throw new Error(`cannot use tail_sampling in a pipeline of ${signal}`);
  const processor = new TailSampling(decoded, settings, next as unknown as Consumer<'traces'>);
  return processor as unknown as Component & Consumer<S>;
}

/** Samples whole traces, when their spans are there; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'tail_sampling',
  stability: { traces: 'beta' },
  description: 'Keeps or drops whole traces by policies, when their spans have arrived.',
  config,
  metrics,
  create,
};
