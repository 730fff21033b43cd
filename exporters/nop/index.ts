import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';

const config = z.strictObject({});

/** Accepts every batch and forgets it. */
class NopExporter<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: Batch<S>): Promise<void> {
    this.#settings.ledger.delivered(batch.itemCount);
    return done;
  }
}

const done = Promise.resolve();

export const factory: ExporterFactory<z.infer<typeof config>> = {
  kind: 'exporter',
  type: 'nop',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'beta' },
  description: 'Accepts everything and sends it nowhere, for tests and measurements.',
  config,
  create: (_signal, settings) => new NopExporter(settings),
};
