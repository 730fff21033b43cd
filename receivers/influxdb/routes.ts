import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Admitted, notFound } from '../../config/groups/http-listen.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { receiveBody, refuse } from '../../pipeline/http-intake/receive.ts';
import {
  answerJson,
  type Dialect,
  version1,
  version2,
  version3,
} from '../../pipeline/line-writes/dialect.ts';
import type { LineWrites } from '../../pipeline/line-writes/write.ts';

/** Where lines are posted to: InfluxDB 1, 2 and 3, and DeepFlow's path for Telegraf. */
const writePaths: ReadonlyMap<string, Dialect> = new Map([
  ['/write', version1],
  ['/api/v1/telegraf', version1],
  ['/api/v2/write', version2],
  ['/api/v3/write_lp', version3],
]);

/** What senders take for the server's version: the interface that it speaks. */
export const spokenVersion = '1.8.10-wirestitch';

type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  intake: BodyIntake,
) => void;

const services: ReadonlyMap<string, { readonly methods: readonly string[]; answer: Answer }> =
  new Map([
    ['/ping', { methods: ['GET', 'HEAD'], answer: ping }],
    ['/health', { methods: ['GET', 'HEAD'], answer: health }],
    ['/ready', { methods: ['GET', 'HEAD'], answer: ready }],
    ['/query', { methods: ['GET', 'POST'], answer: runQuery }],
  ]);

/** All paths that are answered. */
export const servedPaths: readonly string[] = [...writePaths.keys(), ...services.keys()];

/** Answers one request. */
export function route(
  request: IncomingMessage,
  response: ServerResponse,
  { auth }: Admitted,
  writes: LineWrites,
  intake: BodyIntake,
): void {
  const [path = '/', search = ''] = splitUrl(request.url ?? '/');
  response.setHeader('x-influxdb-version', spokenVersion);
  const dialect = writePaths.get(path);
  const service = services.get(path);
  if (dialect === undefined && service === undefined) {
    request.resume();
    notFound(response);
    return;
  }
  const methods = service?.methods ?? ['POST'];
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('allow', methods.join(', '));
    refuse(request, response, 405, 'method not allowed\n', intake.maxBodyBytes);
    return;
  }
  const query = new URLSearchParams(search);
  if (dialect !== undefined) writes.handle({ request, response, dialect, query, auth });
  else service!.answer(request, response, query, intake);
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function ping(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
  request.resume();
  if (/^(true|1)$/i.test(query.get('verbose') ?? '')) {
    answerJson(response, 200, { version: spokenVersion });
    return;
  }
  response.writeHead(204);
  response.end();
}

function health(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  answerJson(response, 200, {
    name: 'influxdb',
    message: 'ready for writes',
    status: 'pass',
    checks: [],
    version: spokenVersion,
  });
}

function ready(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  answerJson(response, 200, { status: 'ready' });
}

/** Statements that senders run before they write: there is nothing to create here. */
const preparing = /^\s*create\s+(database|retention\s+policy)\b/i;

function runQuery(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  intake: BodyIntake,
): void {
  const answer = (text: string): void => {
    if (preparing.test(text)) {
      answerJson(response, 200, { results: [{ statement_id: 0 }] });
      return;
    }
    const error = 'queries are not answered here: only lines are taken';
    answerJson(response, 400, { error });
  };
  receiveBody(request, response, intake, (body) => {
    const form = new URLSearchParams(body.bytes.toString());
    intake.release(body);
    answer(query.get('q') ?? form.get('q') ?? '');
  });
}
