import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Admitted } from '../../config/groups/http-listen.ts';
import type { Body } from '../../pipeline/http-intake/body.ts';
import { contextOf } from '../../pipeline/http-intake/context.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { answerText, intakeOf, receiveBody } from '../../pipeline/http-intake/receive.ts';
import { Outlet } from '../../pipeline/outlet.ts';
import { type ReadLogs, readSteps, refusedText } from '../../wire/vector-logs/read.ts';
import type { DeepflowConfig } from './config.ts';

/** When a sender that is refused for want of memory should come again. */
const memoryRetryMs = 1000;

/** Bytes of records that a byte of JSON becomes, at most. */
const growth = 8;

function answerAgain(response: ServerResponse, text: string, afterMs = memoryRetryMs): void {
  response.setHeader('retry-after', String(Math.max(1, Math.ceil(afterMs / 1000))));
  answerText(response, 503, `${text}\n`);
}

/** Requests with log events of Vector, from body to answer. */
export class LogPosts {
  readonly #settings: Settings;
  readonly #includeMetadata: boolean;
  readonly #intake: BodyIntake;
  readonly #outlet: Outlet<'logs'>;

  constructor(config: DeepflowConfig, settings: Settings, next: Consumer<'logs'>) {
    this.#settings = settings;
    this.#includeMetadata = config.include_metadata;
    this.#intake = intakeOf(config, settings.budget);
    this.#outlet = new Outlet('logs', next, settings, 'http', 'vector');
  }

  handle(request: IncomingMessage, response: ServerResponse, admitted: Admitted): void {
    const { tracer } = this.#settings;
    const kept = this.#includeMetadata;
    receiveBody(request, response, this.#intake, (body) => {
      void this.#take(body, contextOf(request, admitted, kept, tracer), response);
    });
  }

  async #take(body: Body, ctx: Context, response: ServerResponse): Promise<void> {
    const { budget, clock } = this.#settings;
    const reserved = growth * body.bytes.length;
    if (!budget.tryReserve(reserved)) {
      this.#intake.release(body);
      answerAgain(response, 'no memory for the request now, try again later');
      return;
    }
    try {
      const reading = inSteps(readSteps(body.bytes, unixNs(clock)));
      const read = await reading.finally(() => this.#intake.release(body));
      if (read.refused > 0) this.#outlet.failed(read.refused);
      await this.#deliver(read, ctx, response);
    } catch (error) {
      answerText(response, 500, `BUG: ${String(error)}\n`);
    } finally {
      budget.release(reserved);
    }
  }

  async #deliver(read: ReadLogs, ctx: Context, response: ServerResponse): Promise<void> {
    const refusal = read.batch && (await this.#outlet.deliver(read.batch, ctx));
    if (refusal === undefined) answer(response, read);
    else if (refusal.retryable) answerAgain(response, refusal.message, refusal.retryAfterMs);
    else answerText(response, 400, `${refusal.message}\n`);
  }
}

/** Other work of the program goes between steps. */
async function inSteps<T>(steps: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function answer(response: ServerResponse, read: ReadLogs): void {
  if (read.refused > 0) answerText(response, 400, `${refusedText(read)}\n`);
  else answerText(response, 200, '');
}
