import type { Component } from '../component/component.ts';
import type { Consumer } from '../component/consumer.ts';
import type { Settings } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Backend, SealedBatch } from './backend.ts';
import type { ExporterConfig } from './config.ts';

export type { Attempt, Backend, PushBackend, SealedBatch, SealingBackend } from './backend.ts';

/**
 * An exporter around a backend: queue, batching, [sealing], retries, time-out, telemetry, attempt.
 * @param config decoded from {@link deliveryKeys}
 */
export function createExporter<S extends Signal, B extends SealedBatch = SealedBatch>(
  signal: S,
  settings: Settings,
  config: ExporterConfig,
  backend: Backend<S, B>,
): Component & Consumer<S> {
  void signal;
  void settings;
  void config;
  void backend;
  throw new Error('BUG: not built yet');
}
