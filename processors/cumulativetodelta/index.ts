import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import { streamProcessor } from '../../pipeline/streams/processor.ts';
import { type Config, config } from './config.ts';
import { Converter, type ConverterState, newConverterState } from './converter.ts';
import { chooser } from './match.ts';
import { metrics, Telemetry } from './telemetry.ts';

const type = 'cumulativetodelta';

function create(
  _signal: 'metrics',
  settings: Settings,
  given: Config,
  next: Consumer<'metrics'>,
): Component & Consumer<'metrics'> {
  const { clock, logger } = settings;
  const telemetry = new Telemetry(settings);
  const open = (state: ConverterState, size: () => number) => {
    const chosen = chooser(given, logger);
    const converter = new Converter(state, given.initial_value, chosen, telemetry, logger);
    telemetry.start(size);
    return converter.convert.bind(converter);
  };
  const work = {
    newState: () => newConverterState(settings),
    open,
    left: () => telemetry.left(),
    sweepMs: given.max_staleness,
    oldest: () => clock.unixMs() - given.max_staleness,
    close: () => telemetry.close(),
  };
  return streamProcessor(type, settings, work, next);
}

/** Turns cumulative sums and histograms into deltas. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type,
  stability: { metrics: 'beta' },
  description: 'Turns monotonic sums and histograms from cumulative to delta temporality.',
  config,
  metrics,
  create: createOnly(type, ['metrics'], create),
};
