import { z } from 'zod';
import type { Context } from '../../component/consumer.ts';
import type { ConnectorFactory, ConnectorNext } from '../../component/factory.ts';
import type { Signal, SignalData } from '../../component/signals.ts';

const config = z.strictObject({});

type Config = z.output<typeof config>;

/** Hands each batch to the next of its pipelines; see README.md. */
export const factory: ConnectorFactory<Config> = {
  kind: 'connector',
  type: 'round_robin',
  aliases: ['roundrobin'],
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: 'Hands each batch to one of several pipelines in turn.',
  config,
  pairs: [
    ['traces', 'traces'],
    ['metrics', 'metrics'],
    ['logs', 'logs'],
  ],
  create<F extends Signal, T extends Signal>(
    _from: F,
    _to: T,
    _settings: unknown,
    _config: Config,
    next: ConnectorNext<T>,
  ) {
    const pipelines = [...next.pipelines.values()];
    let turn = 0;
    return {
      mutates: false,
      async start() {},
      async shutdown() {},
      consume(batch: SignalData[F], ctx: Context) {
        turn = (turn + 1) % pipelines.length;
        return pipelines[turn]!.consume(batch as unknown as SignalData[T], ctx);
      },
    };
  },
};
