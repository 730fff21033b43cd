import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { AuthData } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import {
  headerMap,
  type Listener,
  notFound,
  pathOf,
  remoteOf,
  serveHttp,
} from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { intakeOf, receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import type { Version } from '../../wire/prometheus/remote-write/read.ts';
import { type RemoteWriteReceiverConfig, writePath } from './config.ts';
import { versionOf } from './content-type.ts';
import { Ingest, type Outcome } from './ingest.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

const noMetadata: ReadonlyMap<string, readonly string[]> = new Map();

/** Receives remote write requests over HTTP. */
export class RemoteWriteReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: RemoteWriteReceiverConfig;
  readonly #ingest: Ingest;
  readonly #intake: BodyIntake;
  #listener: Listener | undefined;

  constructor(settings: Settings, config: RemoteWriteReceiverConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#ingest = new Ingest(settings, next);
    this.#intake = intakeOf(config, settings.budget);
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const config = this.#config;
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(config, this.#settings, (request, response, { auth }) =>
        this.#handle(request, response, auth),
      ),
    );
    this.#settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
  }

  #handle(request: IncomingMessage, response: ServerResponse, auth: AuthData | undefined): void {
    const most = this.#intake.maxBodyBytes;
    if (pathOf(request) !== writePath) {
      request.resume();
      notFound(response);
      return;
    }
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
    receiveBody(request, response, this.#intake, (body) => {
      const ctx = this.#context(request, auth);
      this.#ingest.take(
        body.bytes,
        version,
        ctx,
        () => this.#intake.release(body),
        (outcome) => answer(response, version, outcome),
      );
    });
  }

  #context(request: IncomingMessage, auth: AuthData | undefined): Context {
    const metadata = this.#config.include_metadata ? headerMap(request) : noMetadata;
    const address = remoteOf(request);
    const client = auth === undefined ? { address, metadata } : { address, metadata, auth };
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
