import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../component/consumer.ts';
import type { AuthData, ServerAuth } from '../../component/extension.ts';
import type { OwnSpan, Tracer } from '../../component/settings.ts';
import { authenticate } from '../../config/groups/auth.ts';
import type { Cors, HeaderPairs } from '../../config/groups/cors.ts';
import { headerMap, remoteOf } from '../../config/groups/http-listen.ts';
import { Code } from '../../wire/status/code.ts';
import type { Status } from '../../wire/status/status.ts';
import type { Body } from '../http-intake/body.ts';
import { clientOf } from '../http-intake/context.ts';
import { answerPastBody, type BodyIntake, type IntakeFault } from '../http-intake/intake.ts';
import { answerFailure, answerSuccess, answerText } from './http-answer.ts';
import type { Done, Format } from './ingest.ts';

/** What takes the bodies of a path. */
export interface BodySink {
  take(body: Buffer, format: Format, ctx: Context, done: Done): void;
}

interface HttpHandlerOptions {
  readonly sinks: ReadonlyMap<string, BodySink>;
  readonly intake: BodyIntake;
  readonly includeMetadata: boolean;
  readonly keepAlive: boolean;
  readonly responseHeaders: HeaderPairs;
  readonly cors: Cors | undefined;
  readonly auth: ServerAuth | undefined;
  /** Parameters of the query that `auth` sees as headers. */
  readonly authParams: readonly string[];
  readonly tracer: Tracer;
}

/** When a client that is refused for want of memory should come again. */
const memoryRetryMs = 1000;

/** @returns the format that a content type stands for; parameters do not matter */
function formatOf(contentType: string): Format | undefined {
  const end = contentType.indexOf(';');
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === 'application/x-protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}

/** One request on its way; holds what its answer needs. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly format: Format;
  readonly extra: HeaderPairs;
  auth: AuthData | undefined;
  readonly span: OwnSpan | undefined;
}

/** Requests of OTLP/HTTP, from headers to answer. */
export class HttpHandler {
  readonly #options: HttpHandlerOptions;

  constructor(options: HttpHandlerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { sinks, cors } = this.#options;
    const extra = this.#extraHeaders(request);
    const url = request.url ?? '/';
    const query = url.indexOf('?');
    const sink = sinks.get(query < 0 ? url : url.slice(0, query));
    if (request.method === 'OPTIONS' && cors !== undefined) {
      this.#preflight(cors, request, response);
      return;
    }
    response.on('error', () => undefined);
    const { auth, authParams } = this.#options;
    if (auth === undefined) {
      this.#admitted(request, response, sink, extra, undefined);
      return;
    }
    authenticate(
      auth,
      headerMap(request, authParams),
      remoteOf(request),
      (data) => this.#admitted(request, response, sink, extra, data),
      (message) => this.#unauthenticated(request, response, message, extra),
    );
  }

  #admitted(
    request: IncomingMessage,
    response: ServerResponse,
    sink: BodySink | undefined,
    extra: HeaderPairs,
    auth: AuthData | undefined,
  ): void {
    const format = formatOf(request.headers['content-type'] ?? '');
    if (sink === undefined) this.#refuseEarly(request, response, 404, extra);
    else if (request.method !== 'POST') this.#refuseEarly(request, response, 405, extra);
    else if (format === undefined) this.#refuseEarly(request, response, 415, extra);
    else {
      const span = this.#options.tracer.enabled ? this.#span(request, response) : undefined;
      this.#body({ request, response, format, extra, auth, span }, sink);
    }
  }

  #span(request: IncomingMessage, response: ServerResponse): OwnSpan | undefined {
    const { tracer } = this.#options;
    const header = (name: string) => request.headersDistinct[name]?.[0];
    const path = (request.url ?? '').split('?')[0]!;
    const span = tracer.start(`POST ${path}`, 'server', tracer.extract(header));
    if (span === undefined) return undefined;
    span.set('http.request.method', 'POST');
    span.set('url.path', path);
    span.set('client.address', remoteOf(request));
    response.on('close', () => {
      span.set('http.response.status_code', response.statusCode);
      span.end(response.statusCode >= 500 ? '' : undefined);
    });
    return span;
  }

  #unauthenticated(
    request: IncomingMessage,
    response: ServerResponse,
    message: string,
    extra: HeaderPairs,
  ): void {
    const format = formatOf(request.headers['content-type'] ?? '');
    const end = mayHaveMore(request) ? [...extra, 'connection', 'close'] : extra;
    if (format === undefined) answerText(response, 401, message, end);
    else answerFailure(response, format, { code: Code.UNAUTHENTICATED, message }, end);
    request.resume();
  }

  #extraHeaders(request: IncomingMessage): HeaderPairs {
    const { responseHeaders, cors, keepAlive } = this.#options;
    const extra = [...responseHeaders];
    if (cors !== undefined) extra.push(...cors.answer(request.headers.origin));
    if (!keepAlive) extra.push('connection', 'close');
    return extra;
  }

  #preflight(cors: Cors, request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request;
    const method = headers['access-control-request-method'] ?? '';
    const asked = String(headers['access-control-request-headers'] ?? '');
    request.resume();
    response.writeHead(204, cors.preflight(headers.origin, method, asked));
    response.end();
  }

  /** Refuses before the body is read; the connection ends where one may be coming. */
  #refuseEarly(
    request: IncomingMessage,
    response: ServerResponse,
    status: 404 | 405 | 415,
    extra: HeaderPairs,
  ): void {
    const end = mayHaveMore(request) ? [...extra, 'connection', 'close'] : extra;
    if (status === 404) answerText(response, status, '404 page not found\n', end);
    else if (status === 405) {
      const allow = [...end, 'allow', 'POST'];
      answerText(response, status, '405 method not allowed, supported: [POST]', allow);
    } else {
      const text =
        '415 unsupported media type, supported: [application/json, application/x-protobuf]';
      answerText(response, status, text, end);
    }
    request.resume();
  }

  #body(exchange: Exchange, sink: BodySink): void {
    this.#options.intake.take(exchange.request, (body) => {
      if ('fault' in body) this.#bodyFault(exchange, body);
      else this.#take(exchange, sink, body);
    });
  }

  #take(exchange: Exchange, sink: BodySink, body: Body): void {
    const { response, format, extra } = exchange;
    const { intake } = this.#options;
    sink.take(body.bytes, format, this.#context(exchange), (refusal, http) => {
      intake.release(body);
      if (refusal === undefined) answerSuccess(response, format, extra);
      else answerFailure(response, format, refusal, extra, http);
    });
  }

  #context({ request, auth, span }: Exchange): Context {
    const client = clientOf(request, auth, this.#options.includeMetadata);
    const deadlineMs = Number.POSITIVE_INFINITY;
    if (span === undefined) return { client, deadlineMs };
    return { client, deadlineMs, traceparent: span.traceparent };
  }

  #bodyFault(exchange: Exchange, { fault, message }: IntakeFault): void {
    if (fault === 'cut_off') exchange.response.destroy();
    else if (fault === 'too_large') {
      this.#refuse(exchange, { code: Code.INVALID_ARGUMENT, message }, 413);
    } else if (fault === 'no_memory') {
      this.#refuse(exchange, { code: Code.UNAVAILABLE, message, retryDelayMs: memoryRetryMs });
    } else {
      const code = fault === 'bug' ? Code.INTERNAL : Code.INVALID_ARGUMENT;
      this.#refuse(exchange, { code, message });
    }
  }

  #refuse(exchange: Exchange, status: Status, http?: number): void {
    const { request, response, format, extra } = exchange;
    const rest = http === 413 ? 0 : this.#options.intake.maxBodyBytes;
    answerPastBody(request, rest, (close) => {
      if (response.destroyed) return;
      const headers = close ? [...extra, 'connection', 'close'] : extra;
      answerFailure(response, format, status, headers, http);
    });
  }
}

/** Whether so much of a body may follow that the connection is better ended than read on. */
function mayHaveMore({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  const hasBody = headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0';
  return hasBody && !(Number(length) <= 65_536);
}
