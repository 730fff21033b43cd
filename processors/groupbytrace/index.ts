import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import { type Config, checkConfig, config } from './config.ts';
import { GroupByTrace } from './processor.ts';
import { metrics } from './telemetry.ts';

/** Gathers the spans of each trace; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'groupbytrace',
  stability: { traces: 'beta' },
  description: 'Gathers the spans of each trace for a while, and sends each trace on as a batch.',
  config,
  metrics,
  check: (_signal, decoded) => checkConfig(decoded),
  create: createOnly(
    'groupbytrace',
    ['traces'],
    (_signal, settings, decoded, next) => new GroupByTrace(decoded, settings, next),
  ),
};
