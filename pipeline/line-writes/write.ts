import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import type { Admitted } from '../../config/groups/http-listen.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { writeAttribute } from '../../pdata/values.ts';
import { LineLimit, type LineResult } from '../../wire/influx/line-metrics.ts';
import { type Precision, precisionOf } from '../../wire/influx/precision.ts';
import type { Body } from '../http-intake/body.ts';
import { contextOf } from '../http-intake/context.ts';
import { answerPastBody, type BodyIntake, type IntakeFault } from '../http-intake/intake.ts';
import { Outlet } from '../outlet.ts';
import { Conversions } from './conversions.ts';
import { LineCounters } from './counters.ts';
import { answerRefusal, badLines, type Dialect, type Refusal } from './dialect.ts';

const statuses: Readonly<Record<Exclude<IntakeFault['fault'], 'cut_off'>, Refusal['status']>> = {
  too_large: 413,
  no_memory: 503,
  encoding: 415,
  corrupt: 400,
  bug: 500,
};

/** What of a receiver's configuration is about writes. */
export interface LineWritesConfig {
  readonly include_metadata: boolean;
  /** Whether destinations that requests name become resource attributes. */
  readonly keep_destination: boolean;
}

/** One write on its way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly dialect: Dialect;
  readonly query: URLSearchParams;
  readonly auth: Admitted['auth'];
}

/** Takes lines: the good ones go on, and the sender is told of the bad ones. */
export class LineWrites {
  readonly #config: LineWritesConfig;
  readonly #settings: Settings;
  readonly #outlet: Outlet<'metrics'>;
  readonly #intake: BodyIntake;
  readonly #conversions: Conversions;
  readonly #counters: LineCounters;

  constructor(
    config: LineWritesConfig,
    settings: Settings,
    next: Consumer<'metrics'>,
    intake: BodyIntake,
  ) {
    this.#config = config;
    this.#settings = settings;
    this.#outlet = new Outlet('metrics', next, settings, 'http', 'influxdb');
    this.#intake = intake;
    this.#conversions = new Conversions(Math.floor(settings.random.float() * 2 ** 32));
    this.#counters = new LineCounters(settings);
  }

  handle(exchange: Exchange): void {
    const { precision: usual } = exchange.dialect;
    const name = exchange.query.get('precision') || usual;
    const precision = precisionOf(name);
    if (precision === undefined) {
      const message = `invalid precision ${JSON.stringify(name)} (use ns, us, ms, s, m or h)`;
      this.#refuse(exchange, { status: 400, message });
      return;
    }
    this.#intake.take(exchange.request, (body) => {
      if ('fault' in body) this.#bodyFault(exchange, body);
      else this.#take(exchange, body, precision);
    });
  }

  #bodyFault(exchange: Exchange, { fault, message }: IntakeFault): void {
    if (fault === 'cut_off') exchange.response.destroy();
    else this.#refuse(exchange, { status: statuses[fault], message });
  }

  #refuse({ request, response, dialect }: Exchange, refusal: Refusal): void {
    const rest = refusal.status === 413 ? 0 : this.#intake.maxBodyBytes;
    answerPastBody(request, rest, (close) => answerRefusal(response, dialect, refusal, close));
  }

  #take(exchange: Exchange, body: Body, precision: Precision): void {
    const { budget, clock } = this.#settings;
    const request = {
      unitNs: precision.unitNs,
      nowMs: clock.unixMs(),
      resource: this.#destination(exchange),
      reserve: (size: number) => budget.tryReserve(size),
    };
    this.#conversions.run(body.bytes, request, (result) => {
      this.#intake.release(body);
      if (result instanceof LineLimit) {
        budget.release(result.reserved);
        const status = result.limit === 'no_memory' ? 503 : 413;
        this.#refuse(exchange, { status, message: result.message });
      } else if (result instanceof Error) {
        this.#refuse(exchange, { status: 500, message: `BUG: ${result.message}` });
      } else this.#converted(exchange, result);
    });
  }

  #converted(exchange: Exchange, result: LineResult): void {
    const { batch, reserved, lines, texts } = result;
    const done = (refusal?: Refusal): void => {
      this.#settings.budget.release(reserved);
      this.#counters.add(lines, result.badLines, texts);
      if (refusal !== undefined) this.#refuse(exchange, refusal);
      else if (result.badLines > 0) this.#refuse(exchange, badLines(result));
      else accepted(exchange.response);
    };
    // InfluxDB 3 takes all lines or none where it is asked to.
    const all = exchange.query.get('accept_partial') === 'false' && result.badLines > 0;
    if (batch === undefined || all) done();
    else this.#deliver(batch, exchange, done);
  }

  /** Resource attributes that say where the sender wants its lines. */
  #destination({ query, dialect }: Exchange): Uint8Array {
    const w = new Writer(64);
    if (this.#config.keep_destination) {
      for (const [parameter, attribute] of Object.entries(dialect.destination)) {
        const value = query.get(parameter) ?? '';
        if (value !== '') writeAttribute(w, 1, attribute, value);
      }
    }
    return w.take();
  }

  #deliver(batch: Metrics, { request, auth }: Exchange, done: (refusal?: Refusal) => void): void {
    const { include_metadata: kept } = this.#config;
    const ctx = contextOf(request, { auth }, kept, this.#settings.tracer);
    void this.#outlet.deliver(batch, ctx).then((refusal) => {
      if (refusal === undefined) {
        done();
        return;
      }
      const { message, retryable, retryAfterMs } = refusal;
      if (!retryable) done({ status: 400, message });
      else if (retryAfterMs === undefined) done({ status: 503, message });
      else done({ status: 503, message, retryAfterMs });
    });
  }
}

function accepted(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(204);
  response.end();
}
