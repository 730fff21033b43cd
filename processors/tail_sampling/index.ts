import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import { type Config, config } from './config.ts';
import { TailSampling } from './processor.ts';
import { metrics } from './telemetry.ts';

/** Samples whole traces, when their spans are there; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'tail_sampling',
  stability: { traces: 'beta' },
  description: 'Keeps or drops whole traces by policies, when their spans have arrived.',
  config,
  metrics,
  create: createOnly(
    'tail_sampling',
    ['traces'],
    (_signal, settings, decoded, next) => new TailSampling(decoded, settings, next),
  ),
};
