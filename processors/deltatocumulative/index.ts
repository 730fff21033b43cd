import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import { newStreamState, type StreamState } from '../../pipeline/streams/identity.ts';
import { streamProcessor } from '../../pipeline/streams/processor.ts';
import { Accumulator } from './accumulator.ts';
import { type Config, config } from './config.ts';
import { metrics, Telemetry } from './telemetry.ts';

const type = 'deltatocumulative';
const sweepMs = 60_000;

function create(
  _signal: 'metrics',
  settings: Settings,
  given: Config,
  next: Consumer<'metrics'>,
): Component & Consumer<'metrics'> {
  const { clock } = settings;
  const telemetry = new Telemetry(settings);
  const open = (state: StreamState, size: () => number) => {
    const accumulator = new Accumulator(state, given.max_streams, clock, telemetry);
    telemetry.start(given, size);
    return accumulator.convert.bind(accumulator);
  };
  const work = {
    newState: () => newStreamState(settings),
    open,
    left: () => telemetry.left(),
    sweepMs,
    oldest: () => clock.monotonicMs() - given.max_stale,
    close: () => telemetry.close(),
  };
  return streamProcessor(type, settings, work, next);
}

/** Adds deltas up to cumulative sums and histograms. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type,
  stability: { metrics: 'alpha' },
  description: 'Adds the points of delta streams up to cumulative ones.',
  config,
  metrics,
  create: createOnly(type, ['metrics'], create),
};
