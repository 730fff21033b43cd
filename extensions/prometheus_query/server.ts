import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Settings } from '../../component/settings.ts';
import type { HostCheck } from '../../config/groups/host-check.ts';
import { pathOf, queryOf } from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import type { Body } from '../../pipeline/http-intake/body.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { intakeOf, receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import { Gate } from '../../query/gate.ts';
import { drained } from '../../query/outflow.ts';
import {
  type ApiOptions,
  type ApiResponse,
  answer,
  asApiError,
  failed,
  notAllowed,
  plain,
  takesForm,
} from '../../query/prometheus/api.ts';
import { ApiError, errorStatus } from '../../query/prometheus/error.ts';
import {
  type RemoteReadAnswer,
  type RemoteReadOptions,
  remoteRead,
} from '../../query/prometheus/read.ts';
import { sendAnswer } from '../../query/send.ts';
import type { MetricReader } from '../../storage/metrics/model.ts';
import type { SnappyPrimitives } from '../../wire/compression/snappy-format.ts';

/** What the server of the API is made of. */
export interface QueryServerOptions {
  readonly config: Pick<HttpServerConfig, 'max_request_body_size' | 'compression_algorithms'> & {
    readonly max_samples: number;
    readonly max_response_size: number;
    readonly max_concurrent: number;
  };
  readonly settings: Pick<Settings, 'budget' | 'clock' | 'logger' | 'build'>;
  readonly reader: MetricReader;
  readonly snappy: SnappyPrimitives;
  readonly checkHost: HostCheck;
}

const busy = (): Error =>
  new ApiError('unavailable', 'too many requests are being answered, try again later');

export const readPath = '/api/v1/read';
/** Requests that wait for each that is being answered. */
const waiting = 10;

/** Requests to the API, from headers to answer. */
export class QueryServer {
  readonly #api: ApiOptions;
  readonly #read: RemoteReadOptions;
  readonly #gate: Gate;
  readonly #intake: BodyIntake;
  readonly #checkHost: HostCheck;
  readonly #logger: Settings['logger'];

  constructor({ config, settings, reader, snappy, checkHost }: QueryServerOptions) {
    const { clock, build, budget, logger } = settings;
    this.#api = { reader, now: () => clock.unixMs(), version: build.version };
    this.#read = {
      reader,
      maxSamples: config.max_samples,
      maxResponseBytes: config.max_response_size,
      compress: (parts) => snappy.compress(Buffer.concat(parts)),
      crc32c: snappy.crc32c,
      memory: budget,
      pause: () => setImmediate(),
    };
    this.#gate = new Gate(config.max_concurrent, config.max_concurrent * waiting, busy);
    this.#intake = intakeOf(config, budget);
    this.#checkHost = checkHost;
    this.#logger = logger;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const most = this.#intake.maxBodyBytes;
    const foreign = this.#checkHost(request.headers.host);
    if (foreign !== undefined) {
      refuse(request, response, 403, `${foreign}\n`, most);
      return;
    }
    const path = pathOf(request);
    if (path === readPath) this.#remoteRead(request, response);
    else if (request.method === 'POST' && takesForm(path)) {
      receiveBody(request, response, this.#intake, (body) => this.#form(request, response, body));
    } else {
      request.resume();
      this.#answer(request, response, '');
    }
  }

  #form(request: IncomingMessage, response: ServerResponse, body: Body): void {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
    const isForm = type === 'application/x-www-form-urlencoded';
    const text = isForm ? body.bytes.toString() : '';
    this.#intake.release(body);
    this.#answer(request, response, text);
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const form = new URLSearchParams(body);
    for (const [name, value] of queryOf(request)) form.append(name, value);
    const path = pathOf(request);
    const run = () => answer(this.#api, { method: request.method ?? '', path, form });
    (path.startsWith('/api/') ? this.#gate.run(run) : run())
      .catch((error: unknown) => {
        const { type, message } = asApiError(error);
        return failed(type, message);
      })
      .then((answered) => sendAnswer(request, response, answered))
      .catch((error: unknown) => this.#bug(error, response));
  }

  #remoteRead(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'POST') {
      request.resume();
      void sendAnswer(request, response, notAllowed(['POST']));
      return;
    }
    // Not all clients say that bodies are snappy blocks.
    request.headers['content-encoding'] ??= 'snappy';
    receiveBody(request, response, this.#intake, (body) => {
      this.#gate
        .run(async () => {
          const read = await remoteRead(this.#read, body.bytes);
          try {
            await sendRead(response, read);
          } finally {
            read.release();
          }
        })
        .catch((error: unknown) => sendAnswer(request, response, this.#failure(error)))
        .catch((error: unknown) => this.#bug(error, response))
        .finally(() => this.#intake.release(body));
    });
  }

  /** What a client of remote read is told of a failure. */
  #failure(error: unknown): ApiResponse {
    const { type, message } = asApiError(error);
    const status = type === 'execution' ? 400 : errorStatus[type];
    return plain(status, `${message}\n`);
  }

  #bug(error: unknown, response: ServerResponse): void {
    const stack = error instanceof Error ? error.stack : String(error);
    this.#logger.error('BUG: a query failed', { error: stack });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.removeHeader('Content-Encoding');
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('internal error\n');
  }
}

async function sendRead(response: ServerResponse, read: RemoteReadAnswer): Promise<void> {
  const { contentType, contentEncoding, pieces } = read;
  response.setHeader('Content-Type', contentType);
  if (contentEncoding !== undefined) response.setHeader('Content-Encoding', contentEncoding);
  await stream(response, pieces);
}

/** Sends pieces as fast as the client takes them; stops where it goes away. */
async function stream(response: ServerResponse, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (response.write(piece)) continue;
    await drained(response, response);
  }
  response.end();
}
