import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory } from '../../component/factory.ts';
import { connectorOfSame } from '../../component/only.ts';
import type { Signal } from '../../component/signals.ts';

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
  create: connectorOfSame('round_robin', (_signal, _settings, _config: Config, next) =>
    inTurn([...next.pipelines.values()]),
  ),
};

function inTurn<S extends Signal>(pipelines: readonly Consumer<S>[]): Component & Consumer<S> {
  let turn = 0;
  return {
    mutates: false,
    async start() {},
    async shutdown() {},
    consume(batch, ctx) {
      turn = (turn + 1) % pipelines.length;
      return pipelines[turn]!.consume(batch, ctx);
    },
  };
}
