import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { type Listener, notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { type HttpServerConfig, httpServerKeys } from '../../config/groups/http-server.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { PprofConfig } from './config.ts';
import { ProcessProfiler } from './profiler.ts';

const defaultSeconds = 30;
const maxSeconds = 600;

const index = `<html><head><title>/debug/pprof/</title></head><body>/debug/pprof/
<p>Profiles of V8 in pprof's format:</p>
<p><a href="profile?seconds=30">profile</a>: CPU, for as many seconds as the query says</p>
<p><a href="heap">heap</a>: what is on the heap, by where it was allocated</p>
<p><a href="cmdline">cmdline</a>: the command line</p>
</body></html>
`;

function send(response: ServerResponse, name: string, body: Buffer): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** Takes a CPU profile; a client that goes ends it early. */
async function profile(
  { clock }: Settings,
  profiler: ProcessProfiler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = Number(new URLSearchParams((request.url ?? '').split('?')[1]).get('seconds'));
  const seconds = Math.min(maxSeconds, asked > 0 ? asked : defaultSeconds);
  try {
    await profiler.startCpu();
  } catch (error) {
    refuse(response, 500, `Could not enable CPU profiling: ${(error as Error).message}`);
    return;
  }
  await new Promise<void>((resolve) => {
    const timer = clock.after(seconds * 1000, resolve);
    response.on('close', () => {
      timer.cancel();
      resolve();
    });
  });
  send(response, 'profile', await profiler.stopCpu());
}

function serverConfig(endpoint: string): HttpServerConfig {
  const times = { read_timeout: '10s', write_timeout: '0', idle_timeout: '0' };
  return z.strictObject(httpServerKeys(endpoint, times)).parse({});
}

/** Profiles over HTTP, at the paths of Go's net/http/pprof. */
export function createPprof(settings: Settings, config: PprofConfig): Extension {
  const { logger } = settings;
  const { endpoint, save_to_file: file } = config;
  let profiler: ProcessProfiler | undefined;
  let listener: Listener | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const path = pathOf(request);
    const name = path.startsWith('/debug/pprof/') ? path.slice('/debug/pprof/'.length) : undefined;
    if (name === undefined) notFound(response);
    else if (name === '') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(index);
    } else if (name === 'profile') await profile(settings, profiler!, request, response);
    else if (name === 'heap') send(response, 'heap', await profiler!.heap());
    else if (name === 'cmdline') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(process.argv.join('\0'));
    } else refuse(response, 404, `Unknown profile: this program has profile and heap, not ${name}`);
  }

  async function listen(): Promise<void> {
    if (endpoint === '') {
      throw new Error('"endpoint" is required when using the "pprof" extension');
    }
    listener = await openAt(endpoint, async () =>
      serveHttp(serverConfig(endpoint), settings, (request, response) => {
        handle(request, response).catch((error: Error) => {
          if (!response.headersSent) refuse(response, 500, error.message);
        });
      }),
    );
  }

  return {
    capabilities: {},
    async start() {
      for (const key of ['block_profile_fraction', 'mutex_profile_fraction'] as const) {
        if (config[key] > 0) logger.warn(`${key} has no effect: there are no such profiles here`);
      }
      profiler = await ProcessProfiler.open(settings.clock);
      await listen();
      if (file !== '') {
        await writeFile(file, '');
        await profiler.startCpu();
      }
      logger.info('Starting pprof server', { address: listener!.address });
    },
    async shutdown() {
      const [closing, using] = [listener, profiler];
      listener = undefined;
      profiler = undefined;
      await closing?.close(0);
      if (closing !== undefined && file !== '') await writeFile(file, await using!.stopCpu());
      await using?.close();
    },
  };
}
