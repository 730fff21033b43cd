import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { ZpagesConfig } from './config.ts';
import { expvar } from './expvar.ts';
import { extensionz, featurez, type Page, pipelinez, servicez } from './pages.ts';
import { SpanSummaries } from './spans.ts';
import { tracez } from './tracez.ts';

const pages: ReadonlyMap<string, Page> = new Map([
  ['/debug/servicez', servicez],
  ['/debug/pipelinez', pipelinez],
  ['/debug/extensionz', extensionz],
  ['/debug/featurez', featurez],
]);

/** Pages that show the running program. */
export function createZpages(settings: Settings, config: ZpagesConfig): Extension {
  const { build, clock, host, logger } = settings;
  const startedUnixMs = clock.unixMs();
  let listener: Listener | undefined;
  const spans = new SpanSummaries();
  let stopSpans: (() => void) | undefined;

  async function show(found: Page, request: IncomingMessage): Promise<string> {
    const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
    const extensions = [...host.extensions().keys()];
    return found({ build, view: host.view, extensions, startedUnixMs }, query);
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = pathOf(request);
    const found = pages.get(path);
    if (found !== undefined) {
      show(found, request).then(
        (text) => {
          response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text);
        },
        (error: Error) => response.writeHead(500).end(error.message),
      );
    } else if (path === '/debug/tracez' && stopSpans !== undefined) {
      const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(tracez(spans, host.view.runningSpans(), query));
    } else if (path === '/debug/expvarz' && config.expvar.enabled) {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(expvar()));
    } else notFound(response);
  }

  return {
    capabilities: {},
    async start() {
      listener = await openAt(config.endpoint, () => serveHttp(config, settings, handle));
      stopSpans = host.view.watchSpans((span) => spans.add(span));
      logger.info('Starting zPages extension', { address: listener.address });
    },
    async shutdown() {
      const closing = listener;
      listener = undefined;
      stopSpans?.();
      await closing?.close(0);
    },
  };
}
