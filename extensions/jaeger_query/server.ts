import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../../component/settings.ts';
import type { HostCheck } from '../../config/groups/host-check.ts';
import { pathOf, queryOf } from '../../config/groups/http-listen.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import { Gate, type Place } from '../../query/gate.ts';
import { type ApiOptions, answer, answersTraces, failed } from '../../query/jaeger/api.ts';
import { type ApiResponse, isLong, notFound, truncatedHeader } from '../../query/jaeger/http.ts';
import { landing, type UiOptions, uiFile } from '../../query/jaeger/ui-files.ts';
import { WaitingBytes } from '../../query/outflow.ts';
import { sendAnswer, sendLong } from '../../query/send.ts';
import { ReadError } from '../../storage/traces/reader.ts';

/** What the server answers from and to whom. */
export interface ServerOptions {
  readonly api: ApiOptions;
  /** '' or a path prefix such as `/jaeger`. */
  readonly basePath: string;
  readonly checkHost: HostCheck;
  readonly ui: UiOptions | undefined;
  readonly intake: BodyIntake;
  readonly maxConcurrent: number;
  readonly logger: Settings['logger'];
  readonly clock: Settings['clock'];
  /** Takes what waits for slow clients; a part of it. */
  readonly budget: Settings['budget'];
}

/** Answers with whole traces that are made at once: spans of each are there as objects. */
const wholeAtOnce = 8;
/** Requests that wait for each that is being answered. */
const waiting = 10;
const mostWholeWaiting = 100;

const busy = (): Error =>
  new ReadError('too many requests are being answered, try again later', 'unavailable');

/** Requests to the API and for the UI, from headers to answer. */
export class JaegerServer {
  readonly #options: ServerOptions;
  readonly #gate: Gate;
  readonly #wholeGate = new Gate(wholeAtOnce, mostWholeWaiting, busy);
  readonly #waiting: WaitingBytes;

  constructor(options: ServerOptions) {
    this.#options = options;
    const { maxConcurrent, budget } = options;
    this.#waiting = new WaitingBytes(budget);
    this.#gate = new Gate(maxConcurrent, maxConcurrent * waiting, busy);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { checkHost, basePath, intake } = this.#options;
    const foreign = checkHost(request.headers.host);
    if (foreign !== undefined) {
      refuse(request, response, 403, `${foreign}\n`, intake.maxBodyBytes);
      return;
    }
    const target = pathOf(request);
    if (target !== basePath && !target.startsWith(`${basePath}/`)) {
      refuse(request, response, 404, '404 page not found\n', intake.maxBodyBytes);
      return;
    }
    const path = target.slice(basePath.length) || '/';
    const isApi = path === '/api' || path.startsWith('/api/');
    if (!isApi) this.#file(request, response, path);
    else if (request.method === 'POST') {
      receiveBody(request, response, intake, (body) => {
        this.#api(request, response, path, body.bytes).finally(() => intake.release(body));
      });
    } else {
      request.resume();
      void this.#api(request, response, path, Buffer.alloc(0));
    }
  }

  /** Ends when the answer is made; never rejects. */
  async #api(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: Uint8Array,
  ): Promise<void> {
    const { api } = this.#options;
    const query = queryOf(request);
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const gate = answersTraces(path) ? this.#wholeGate : this.#gate;
    const signal = untilClosed(response);
    try {
      await gate.run(async (place) => {
        if (response.destroyed) return;
        const answered = await answer(api, { method, path, query, body, signal });
        await this.#send(request, response, answered, place);
      });
    } catch (error) {
      await this.#failed(request, response, path, error);
    }
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    answered: ApiResponse,
    place: Place,
  ): Promise<void> {
    const { contentType, body } = answered;
    if (!isLong(body)) return sendShort(request, response, answered);
    const { clock, logger } = this.#options;
    const onYielded = (): void =>
      logger.warn('an answer broke off: others waited, and its client takes it slowly');
    const long = { contentType, body, cutOffHeader: truncatedHeader };
    const flow = { clock, waiting: this.#waiting, place, onYielded };
    return sendLong(request, response, long, flow);
  }

  #file(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const { maxBodyBytes } = this.#options.intake;
      refuse(request, response, 405, 'method not allowed\n', maxBodyBytes);
      return;
    }
    request.resume();
    const file = async (): Promise<ApiResponse | undefined> => {
      const { ui } = this.#options;
      if (ui !== undefined) return uiFile(ui, decodePath(path));
      return path === '/' ? landing() : undefined;
    };
    file()
      .then((found) => sendShort(request, response, found))
      .catch((error: unknown) => this.#failed(request, response, path, error));
  }

  async #failed(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    error: unknown,
  ): Promise<void> {
    const { logger } = this.#options;
    const known = error instanceof ReadError;
    if (known && response.destroyed) return;
    if (!known) {
      const stack = error instanceof Error ? error.stack : String(error);
      logger.error('BUG: a query failed', { error: stack });
    } else if (response.headersSent) {
      logger.warn('an answer broke off', { error: error.message });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const told = known ? failed(path, error) : plain(500, 'internal error\n');
    await sendShort(request, response, told).catch(() => response.destroy());
  }
}

function plain(status: number, body: string): ApiResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/** @param answered not a long one */
async function sendShort(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, headers, body }: ApiResponse = notFound,
): Promise<void> {
  if (isLong(body)) throw new Error('BUG: a long answer outside of a gate');
  return sendAnswer(request, response, { status, contentType, headers, body });
}

/** Aborted when the connection is, or the answer has gone out. */
function untilClosed(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  response.once('close', () => closed.abort(new ReadError('the client has gone', 'unavailable')));
  return closed.signal;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}
