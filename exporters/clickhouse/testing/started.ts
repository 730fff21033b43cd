import type { Extension } from '../../../component/extension.ts';
import { testSettings } from '../../../testing/settings.ts';
import { ClickHouseBackend } from '../backend.ts';
import { type ClickHouseConfig, configSchema } from '../config.ts';
import type { StoredSignal } from '../schemas.ts';

/** A started backend without the job of edges. @param given keys of the exporter */
export async function startedBackend<S extends StoredSignal>(
  signal: S,
  given: object,
  extensions?: ReadonlyMap<string, Extension>,
): Promise<ClickHouseBackend<S>> {
  const config = configSchema.parse({ service_edges: { enabled: false }, ...given });
  const settings = testSettings(extensions === undefined ? {} : { extensions });
  const backend = new ClickHouseBackend(signal, settings, config as ClickHouseConfig);
  await backend.start(settings.host);
  return backend;
}
