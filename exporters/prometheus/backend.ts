import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings, Timer } from '../../component/settings.ts';
import { type Listener, notFound, pathOf, serveHttp } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import { resourceLabels } from '../../config/groups/prometheus.ts';
import type { Metrics } from '../../pdata/batch.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import { type Compress, createCompressor } from '../../wire/compression/compressor.ts';
import { escapeFamily } from '../../wire/prometheus/exposition/escape.ts';
import { negotiate } from '../../wire/prometheus/exposition/negotiate.ts';
import { writeProtobuf } from '../../wire/prometheus/exposition/protobuf.ts';
import { writeText } from '../../wire/prometheus/exposition/text.ts';
import { Accumulator } from './accumulator.ts';
import type { PrometheusConfig } from './config.ts';
import { Families } from './families.ts';
import { pageRules } from './rules.ts';

const metricsPath = '/metrics';

/** Open scrapes have so long to be answered at shutdown. */
const drainMs = 1000;

/** Holds the last value of each series and shows them to scrapes. */
export class PrometheusBackend implements PushBackend<'metrics'> {
  readonly #settings: Settings;
  readonly #config: PrometheusConfig;
  readonly #accumulator: Accumulator;
  readonly #families: Families;
  #listener: Listener | undefined;
  #compress: Compress | undefined;
  #timer: Timer | undefined;

  constructor(settings: Settings, config: PrometheusConfig) {
    const { metric_expiration: expirationMs, resource_to_telemetry_conversion: conversion } =
      config;
    this.#settings = settings;
    this.#config = config;
    this.#accumulator = new Accumulator(expirationMs, resourceLabels(conversion));
    const rules = pageRules(config, settings.gates, settings.logger);
    this.#families = new Families(rules, expirationMs, settings.logger);
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    const config = this.#config;
    this.#compress = await createCompressor('gzip');
    this.#listener = await openAt(config.endpoint, () =>
      serveHttp(config, this.#settings, (request, response) => this.#handle(request, response)),
    );
    this.#watch();
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
  }

  async push(batch: Metrics, { progress }: Pick<Attempt, 'progress'>): Promise<void> {
    const leftOut = this.#accumulator.take(batch, this.#settings.clock.unixMs());
    if (leftOut === 0 || progress === undefined) return;
    progress.leftOut = leftOut;
    progress.leftOutAs = 'not_translatable';
  }

  /** What nobody scrapes has to go, too. */
  #watch(): void {
    const { metric_expiration: everyMs } = this.#config;
    if (everyMs <= 0) return;
    this.#timer = this.#settings.clock.after(everyMs, () => {
      const now = this.#settings.clock.unixMs();
      this.#accumulator.expire(now);
      this.#families.expire(now);
      this.#watch();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    if (pathOf(request) !== metricsPath) {
      notFound(response);
      return;
    }
    const now = this.#settings.clock.unixMs();
    const accept = String(request.headers.accept ?? '');
    const format = negotiate(accept, this.#config.enable_open_metrics);
    const families = this.#families
      .page(this.#accumulator.collect(now), now)
      .map((family) => escapeFamily(family, format.escaping));
    const body =
      format.kind === 'protobuf'
        ? writeProtobuf(families)
        : Buffer.from(writeText(families, format.kind));
    response.setHeader('content-type', format.contentType);
    if (!wantsGzip(request)) {
      response.writeHead(200, { 'content-length': body.length }).end(body);
      return;
    }
    response.setHeader('content-encoding', 'gzip');
    Promise.resolve(this.#compress!([body])).then(
      (packed) => response.writeHead(200, { 'content-length': packed.length }).end(packed),
      (error: unknown) => response.destroy(error as Error),
    );
  }
}

function wantsGzip(request: IncomingMessage): boolean {
  const accepted = String(request.headers['accept-encoding'] ?? '').split(',');
  return accepted.some((part) => {
    const [coding = '', ...rest] = part.split(';').map((text) => text.trim());
    return coding === 'gzip' && !rest.some((text) => /^q=0(\.0*)?$/.test(text));
  });
}
