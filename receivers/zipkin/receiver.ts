import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { serveHttp } from '../../config/groups/http-listen.ts';
import { HttpReceiver } from '../../config/groups/http-receiver.ts';
import type { ZipkinReceiverConfig } from './config.ts';

const served = { paths: ['/api/v1/spans', '/api/v2/spans'], rest: true };

/** Receives Zipkin's spans over HTTP. */
export function zipkinReceiver(
  settings: Settings,
  config: ZipkinReceiverConfig,
  next: Consumer<'traces'>,
): HttpReceiver {
  return new HttpReceiver(settings, config.endpoint, async () => {
    const { ZipkinHandler } = await import('./handler.ts');
    const handler = new ZipkinHandler(settings, config, next);
    return serveHttp(
      config,
      settings,
      (request, response, admitted) => handler.handle(request, response, admitted),
      served,
    );
  });
}
