import type { Component } from '../../component/component.ts';
import { background, type Consumer, type Context } from '../../component/consumer.ts';
import type { ConnectorNext } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { frontLedger } from '../../pipeline/front-ledger.ts';
import type { Config } from './config.ts';
import { FailoverRouter } from './router.ts';

/** A router, behind a queue of its own unless that is turned off. */
export function createFailover<S extends Signal>(
  signal: S,
  settings: Settings,
  config: Config,
  next: ConnectorNext<S>,
): Component & Consumer<S> {
  const levels = config.priority_levels.map((ids) => ids.map((id) => consumerOf(next, id)));
  const router = new FailoverRouter<S>(settings, levels, config.retry_interval);
  const { sending_queue } = config;
  if (sending_queue === undefined) return withoutQueue(settings, config, router);
  return createExporter(
    signal,
    { ...settings, ledger: frontLedger(settings.ledger) },
    { timeout: 0, sending_queue },
    {
      start: async () => warnOfDeprecated(settings, config),
      shutdown: async () => router.stop(),
      push(batch, { deadlineMs, client }) {
        const ctx: Context = { client: client ?? background.client, deadlineMs };
        return router.consume(batch, ctx);
      },
    },
  );
}

function withoutQueue<S extends Signal>(
  settings: Settings,
  config: Config,
  router: FailoverRouter<S>,
): Component & Consumer<S> {
  return {
    mutates: false,
    start: async () => warnOfDeprecated(settings, config),
    shutdown: async () => router.stop(),
    consume: (batch: Batch<S>, ctx: Context) => router.consume(batch, ctx),
  };
}

function consumerOf<S extends Signal>(next: ConnectorNext<S>, id: string): Consumer<S> {
  const consumer = next.pipelines.get(id);
  if (consumer === undefined) {
    throw new Error(`Error registering consumer: missing consumer: ${JSON.stringify(id)}`);
  }
  return consumer;
}

function warnOfDeprecated(settings: Settings, config: Config): void {
  for (const key of ['retry_gap', 'max_retries'] as const) {
    if (config[key] === undefined) continue;
    settings.logger.warn(`${key} is deprecated and has no effect; only retry_interval counts`);
  }
}
