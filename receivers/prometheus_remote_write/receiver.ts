import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { HttpReceiver } from '../../config/groups/http-receiver.ts';
import { WritePosts } from '../../pipeline/remote-write/posts.ts';
import { type RemoteWriteReceiverConfig, writePath } from './config.ts';

/** Receives remote write requests over HTTP. */
export function remoteWriteReceiver(
  settings: Settings,
  config: RemoteWriteReceiverConfig,
  next: Consumer<'metrics'>,
): HttpReceiver {
  const posts = new WritePosts(config, settings, next);
  return new HttpReceiver(settings, config.endpoint, () =>
    serveHttp(
      config,
      settings,
      (request, response, admitted) => {
        if (pathOf(request) === writePath) posts.handle(request, response, admitted);
        else {
          request.resume();
          notFound(response);
        }
      },
      { paths: [writePath] },
    ),
  );
}
