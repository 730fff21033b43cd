import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, serveHttp } from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import { SegmentPosts } from '../../pipeline/skywalking/posts.ts';
import { routes } from '../../pipeline/skywalking/routes.ts';
import type { Instances } from '../../wire/skywalking/instances.ts';

/** Starts the HTTP side. */
export async function listenHttp(
  config: HttpServerConfig,
  settings: Settings,
  next: Consumers,
  instances: Instances,
): Promise<Listener> {
  const posts = new SegmentPosts(config, settings, next, instances);
  const listener = await serveHttp(
    config,
    settings,
    (request, response, { auth }) => posts.handle(request, response, auth),
    { paths: [...routes.keys()] },
  );
  settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  return listener;
}
