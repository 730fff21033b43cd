import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { AuthData } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import type { Admitted } from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import type { Version } from '../../wire/prometheus/remote-write/read.ts';
import type { Body } from '../http-intake/body.ts';
import { clientOf } from '../http-intake/context.ts';
import type { BodyIntake, IntakeFault } from '../http-intake/intake.ts';
import { answerFault, intakeOf, receiveBody, refuse } from '../http-intake/receive.ts';
import { versionOf } from './content-type.ts';
import { Ingest, type Outcome } from './ingest.ts';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly version: Version;
  readonly ctx: Context;
}

/** Requests to a path of remote write, from headers to answer. */
export class WritePosts {
  readonly #includeMetadata: boolean;
  readonly #ingest: Ingest;
  readonly #intake: BodyIntake;

  constructor(config: HttpServerConfig, settings: Settings, next: Consumer<'metrics'>) {
    this.#includeMetadata = config.include_metadata;
    this.#ingest = new Ingest(settings, next);
    this.#intake = intakeOf(config, settings.budget);
  }

  handle(request: IncomingMessage, response: ServerResponse, { auth }: Admitted): void {
    const most = this.#intake.maxBodyBytes;
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      refuse(request, response, 405, 'method not allowed, expected POST\n', most);
      return;
    }
    const version = versionOf(request.headers['content-type']);
    if (typeof version === 'string') {
      refuse(request, response, 415, `${version}\n`, most);
      return;
    }
    // Early senders do not say that bodies are snappy blocks.
    request.headers['content-encoding'] ??= 'snappy';
    const exchange = { request, response, version, ctx: this.#context(request, auth) };
    const packed = this.#ingest.takesPacked
      ? this.#intake.takeSnappy(request, (body) => this.#takePacked(exchange, body))
      : undefined;
    if (packed === undefined) {
      receiveBody(request, response, this.#intake, (body) => this.#take(exchange, body));
    }
  }

  /** Hands a snappy body on as it is where that is possible, else unpacked. */
  #takePacked(exchange: Exchange, body: Body | IntakeFault): void {
    const { request, response, version, ctx } = exchange;
    const intake = this.#intake;
    if ('fault' in body) {
      answerFault(request, response, intake, body);
      return;
    }
    const taken = this.#ingest.takePacked(
      body.bytes,
      version,
      intake.maxBodyBytes,
      ctx,
      () => intake.release(body),
      (outcome) => answer(response, version, outcome),
    );
    if (taken) return;
    intake.unpack(body, (plain) => {
      if ('fault' in plain) answerFault(request, response, intake, plain);
      else this.#take(exchange, plain);
    });
  }

  #take({ response, version, ctx }: Exchange, body: Body): void {
    this.#ingest.take(
      body.bytes,
      version,
      ctx,
      () => this.#intake.release(body),
      (outcome) => answer(response, version, outcome),
    );
  }

  #context(request: IncomingMessage, auth: AuthData | undefined): Context {
    const client = clientOf(request, auth, this.#includeMetadata);
    return { client, deadlineMs: Number.POSITIVE_INFINITY };
  }
}

/** Writes the answer; version 2 always says how much was written. */
function answer(response: ServerResponse, version: Version, outcome: Outcome): void {
  if (response.headersSent || response.destroyed) return;
  const { status, text, samples, histograms, exemplars, retryAfterMs } = outcome;
  if (version === 2) {
    response.setHeader('x-prometheus-remote-write-samples-written', samples);
    response.setHeader('x-prometheus-remote-write-histograms-written', histograms);
    response.setHeader('x-prometheus-remote-write-exemplars-written', exemplars);
  }
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  if (retryAfterMs !== undefined) {
    response.setHeader('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)));
  }
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
