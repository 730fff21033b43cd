import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { FileBackend } from './backend.ts';
import { type Config, config } from './config.ts';

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  given: Config,
): Component & Consumer<S> {
  const backend = new FileBackend<S>(settings, given);
  const exporter = createExporter(signal, settings, { timeout: 0 }, backend);
  return {
    mutates: false,
    start: () => exporter.start(),
    // the file stays open until this one has it open, too: so it is not emptied
    takeOver: async () => {},
    consume: (batch, ctx) => exporter.consume(batch, ctx),
    shutdown: () => exporter.shutdown(),
  };
}

/** Writes batches to files. */
export const factory: ExporterFactory<Config> = {
  kind: 'exporter',
  type: 'file',
  stability: { traces: 'alpha', metrics: 'alpha', logs: 'alpha', profiles: 'development' },
  description: 'Writes batches to files, as lines of JSON or as protobuf.',
  config,
  create,
};
