import { z } from 'zod';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import type { Signal, SignalData } from '../../component/signals.ts';

const config = z.strictObject({});

type Config = z.output<typeof config>;

/** Hands batches from pipelines to pipelines of the same signal; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'forward',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'alpha' },
  description: 'Hands data on to pipelines of the same signal.',
  config,
  pairs: [
    ['traces', 'traces'],
    ['metrics', 'metrics'],
    ['logs', 'logs'],
    ['profiles', 'profiles'],
  ],
  create<F extends Signal, T extends Signal>(
    _from: F,
    _to: T,
    _settings: unknown,
    _config: Config,
    next: Consumer<T>,
  ) {
    return {
      mutates: false,
      async start() {},
      async shutdown() {},
      consume: (batch: SignalData[F], ctx: Context) =>
        next.consume(batch as unknown as SignalData[T], ctx),
    };
  },
};
