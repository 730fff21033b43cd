import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import {
  type Admitted,
  type Listener,
  notFound,
  pathOf,
  serveHttp,
} from '../../config/groups/http-listen.ts';
import type { HttpServerConfig } from '../../config/groups/http-server.ts';
import { contextOf } from '../../pipeline/http-intake/context.ts';
import { answerText, intakeOf, receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import { SpanIntake, type SpanOutcome } from '../../pipeline/span-intake.ts';
import { JaegerThrift } from '../../wire/jaeger/thrift.ts';
import { BinaryReader } from '../../wire/thrift/binary.ts';

/** Where spans are posted to. */
const path = '/api/traces';

const types: ReadonlySet<string> = new Set([
  'application/x-thrift',
  'application/vnd.apache.thrift.binary',
]);

/** Bytes of a body that are let go by before its refusal. */
const maxIgnored = 65_536;

/** Starts the HTTP side: POST /api/traces with a Batch in Thrift's binary protocol. */
export async function listenHttp(
  config: HttpServerConfig,
  settings: Settings,
  next: Consumer<'traces'>,
): Promise<Listener> {
  const intake = new SpanIntake(settings, next, 'collector_http');
  const reader = new JaegerThrift();
  const bodies = intakeOf(config, settings.budget);
  const handle = (request: IncomingMessage, response: ServerResponse, admitted: Admitted) => {
    if (refused(request, response)) return;
    receiveBody(request, response, bodies, (body) => {
      const ctx = contextOf(request, admitted, config.include_metadata, settings.tracer);
      intake.take(
        () => reader.batch(new BinaryReader(body.bytes)),
        ctx,
        (outcome) => {
          bodies.release(body);
          answer(response, outcome);
        },
      );
    });
  };
  const listener = await serveHttp(config, settings, handle, { paths: [path] });
  settings.logger.info('Starting HTTP server for Jaeger Thrift', { endpoint: config.endpoint });
  return listener;
}

/** Whether a request is no POST of Thrift to the path; it is answered then. */
function refused(request: IncomingMessage, response: ServerResponse): boolean {
  if (pathOf(request) !== path) {
    request.resume();
    notFound(response);
    return true;
  }
  if (request.method !== 'POST') {
    refuse(request, response, 405, '', maxIgnored);
    return true;
  }
  const given = request.headers['content-type'];
  const type = (given ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (types.has(type)) return false;
  const text =
    type === ''
      ? 'Cannot parse content type: mime: no media type'
      : `Unsupported content type: ${type.slice(0, 100)}`;
  refuse(request, response, 400, `${text}\n`, maxIgnored);
  return true;
}

function answer(response: ServerResponse, outcome: SpanOutcome): void {
  if (outcome.kind === 'accepted') response.writeHead(202, { 'content-length': 0 }).end();
  else if (outcome.kind === 'partly') answerText(response, 400, `${outcome.text}\n`);
  else if (outcome.kind === 'unreadable') {
    answerText(response, 400, `Unable to process request body: ${outcome.text}\n`);
  } else {
    answerText(response, 500, `Cannot submit Jaeger batch: ${outcome.error.message}\n`);
  }
}
