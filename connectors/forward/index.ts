import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOfSame } from '../../component/only.ts';
import type { Signal } from '../../component/signals.ts';

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
  create: connectorOfSame('forward', (_signal, _settings, _config: Config, next) => forward(next)),
};

function forward<S extends Signal>(next: Consumer<S>): Component & Consumer<S> {
  return {
    mutates: false,
    async start() {},
    async shutdown() {},
    consume: (batch, ctx) => next.consume(batch, ctx),
  };
}
