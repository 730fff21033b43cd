import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Admitted } from '../../config/groups/http-listen.ts';
import type { Logs } from '../../pdata/batch.ts';
import { contextOf } from '../../pipeline/http-intake/context.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { answerText, intakeOf, receiveBody } from '../../pipeline/http-intake/receive.ts';
import { Outlet } from '../../pipeline/outlet.ts';
import { type ReadLogs, readVectorLogs, refusedText } from '../../wire/vector-logs/read.ts';
import type { DeepflowConfig } from './config.ts';

/** When a sender that is refused for want of memory should come again. */
const memoryRetryMs = 1000;

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
    receiveBody(request, response, this.#intake, (body) => {
      const ctx = contextOf(request, admitted, this.#includeMetadata, this.#settings.tracer);
      let read: ReadLogs;
      try {
        read = readVectorLogs(body.bytes, unixNs(this.#settings.clock));
      } catch (error) {
        answerText(response, 500, `BUG: ${String(error)}\n`);
        return;
      } finally {
        this.#intake.release(body);
      }
      if (read.refused > 0) this.#outlet.failed(read.refused);
      if (read.batch === undefined) answer(response, read);
      else void this.#deliver(read, read.batch, ctx, response);
    });
  }

  async #deliver(
    read: ReadLogs,
    batch: Logs,
    ctx: Context,
    response: ServerResponse,
  ): Promise<void> {
    const { budget } = this.#settings;
    const reserved = batch.backingBytes;
    if (!budget.tryReserve(reserved)) {
      this.#outlet.refused(batch.itemCount);
      answerAgain(response, 'no memory for the request now, try again later');
      return;
    }
    const refusal = await this.#outlet.deliver(batch, ctx);
    budget.release(reserved);
    if (refusal === undefined) answer(response, read);
    else if (refusal.retryable) answerAgain(response, refusal.message, refusal.retryAfterMs);
    else answerText(response, 400, `${refusal.message}\n`);
  }
}

function answer(response: ServerResponse, read: ReadLogs): void {
  if (read.refused > 0) answerText(response, 400, `${refusedText(read)}\n`);
  else answerText(response, 200, '');
}
