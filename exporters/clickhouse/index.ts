import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { ClickHouseBackend } from './backend.ts';
import { type ClickHouseConfig, configSchema } from './config.ts';
import { withBatching } from './defaults.ts';
import type { StoredSignal } from './schemas.ts';

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  config: ClickHouseConfig,
): Component & Consumer<S> {
  if (signal === 'profiles') {
    throw new Error('cannot store profiles: exporter clickhouse takes traces, logs and metrics');
  }
  const stored = signal as S & StoredSignal;
  const backend = new ClickHouseBackend(stored, settings, config);
  return createExporter(stored, settings, withBatching(config), backend);
}

export const factory: ExporterFactory<ClickHouseConfig> = {
  kind: 'exporter',
  type: 'clickhouse',
  stability: { traces: 'alpha', logs: 'alpha', metrics: 'alpha' },
  description: 'Writes traces, logs and metrics into ClickHouse as Native blocks.',
  config: configSchema,
  metrics: [
    {
      name: 'otelcol_exporter_clickhouse_parts',
      description: 'INSERT statements, each one part',
      unit: '{parts}',
      kind: 'counter',
    },
    {
      name: 'otelcol_exporter_clickhouse_rows',
      description: 'Rows inserted',
      unit: '{rows}',
      kind: 'counter',
    },
  ],
  create,
};
