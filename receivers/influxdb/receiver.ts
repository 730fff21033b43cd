import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { serveHttp } from '../../config/groups/http-listen.ts';
import { HttpReceiver } from '../../config/groups/http-receiver.ts';
import type { InfluxdbConfig } from './config.ts';

/** Receives InfluxDB line protocol over HTTP. */
export function influxdbReceiver(
  settings: Settings,
  config: InfluxdbConfig,
  next: Consumer<'metrics'>,
): HttpReceiver {
  return new HttpReceiver(settings, config.endpoint, async () => {
    const [{ LineWrites }, { route, servedPaths }, { intakeOf }] = await Promise.all([
      import('../../pipeline/line-writes/write.ts'),
      import('./routes.ts'),
      import('../../pipeline/http-intake/receive.ts'),
    ]);
    const intake = intakeOf(config, settings.budget);
    const writes = new LineWrites(config, settings, next, intake);
    return serveHttp(
      config,
      settings,
      (request, response, admitted) => route(request, response, admitted, writes, intake),
      { paths: servedPaths },
    );
  });
}
