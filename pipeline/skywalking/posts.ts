import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumers, Context } from '../../component/consumer.ts';
import type { AuthData } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { notFound, pathOf } from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import { SkywalkingFault } from '../../wire/skywalking/fault.ts';
import type { Instances } from '../../wire/skywalking/instances.ts';
import { type JsonMessages, readJson } from '../../wire/skywalking/json.ts';
import { Code } from '../../wire/status/code.ts';
import type { Status } from '../../wire/status/status.ts';
import type { Body } from '../http-intake/body.ts';
import { clientOf } from '../http-intake/context.ts';
import type { BodyIntake } from '../http-intake/intake.ts';
import { answerText, intakeOf, receiveBody, refuse } from '../http-intake/receive.ts';
import { Delivery } from './delivery.ts';
import { type KindName, kindsOf, messageName } from './kinds.ts';
import { routes } from './routes.ts';

/** What an agent is told: Commands without any. */
const noCommands = '{}';

function answer(response: ServerResponse, refusal: Status | undefined): void {
  if (refusal === undefined) {
    if (response.headersSent || response.destroyed) return;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 });
    response.end(noCommands);
    return;
  }
  const { code, message, retryDelayMs = 1000 } = refusal;
  let status = 400;
  if (code !== Code.INVALID_ARGUMENT) status = code === Code.INTERNAL ? 500 : 503;
  if (status === 503) {
    response.setHeader('retry-after', String(Math.max(1, Math.ceil(retryDelayMs / 1000))));
  }
  answerText(response, status, `${message}\n`);
}

/** Requests of agents that post JSON, from headers to answer. */
export class SegmentPosts {
  readonly #config: HttpServerConfig;
  readonly #settings: Settings;
  readonly #kinds: ReturnType<typeof kindsOf>;
  readonly #intake: BodyIntake;
  readonly #hasTraces: boolean;

  constructor(config: HttpServerConfig, settings: Settings, next: Consumers, instances: Instances) {
    this.#config = config;
    this.#settings = settings;
    this.#kinds = kindsOf(settings, next, instances, 'http');
    this.#intake = intakeOf(config, settings.budget);
    this.#hasTraces = next.traces !== undefined;
  }

  handle(request: IncomingMessage, response: ServerResponse, auth: AuthData | undefined): void {
    const route = routes.get(pathOf(request));
    if (route === undefined || (route.kind === 'segment' && !this.#hasTraces)) {
      request.resume();
      notFound(response);
    } else if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      refuse(request, response, 405, '405 method not allowed\n', this.#intake.maxBodyBytes);
    } else {
      const ctx = this.#context(request, auth);
      receiveBody(request, response, this.#intake, (body) => {
        this.#take(body, route.kind, route.list, ctx, (refusal) => {
          this.#intake.release(body);
          answer(response, refusal);
        });
      });
    }
  }

  #context(request: IncomingMessage, auth: AuthData | undefined): Context {
    const client = clientOf(request, auth, this.#config.include_metadata);
    return { client, deadlineMs: Number.POSITIVE_INFINITY };
  }

  #take(
    body: Body,
    kind: KindName | undefined,
    isList: boolean,
    ctx: Context,
    done: (refusal?: Status) => void,
  ): void {
    const { budget } = this.#settings;
    const bytes = body.bytes.length;
    if (kind === undefined) {
      done();
      return;
    }
    if (!budget.tryReserve(bytes)) {
      done({ code: Code.UNAVAILABLE, message: 'no memory for the request now, try again later' });
      return;
    }
    const messages = read(kind, body.bytes, isList);
    if ('message' in messages) {
      budget.release(bytes);
      done(messages);
      return;
    }
    const delivery = new Delivery(this.#kinds[kind], this.#settings, ctx, done);
    let start = 0;
    for (const end of messages.ends) {
      delivery.message(messages.bytes, start, end);
      start = end;
    }
    budget.release(bytes);
    delivery.end();
  }
}

function read(kind: KindName, bytes: Uint8Array, isList: boolean): JsonMessages | Status {
  try {
    return readJson(messageName(kind), bytes, isList);
  } catch (error) {
    if (!(error instanceof SkywalkingFault)) throw error;
    return { code: Code.INVALID_ARGUMENT, message: error.message };
  }
}
