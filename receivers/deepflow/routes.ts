import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Admitted, notFound, pathOf } from '../../config/groups/http-listen.ts';
import { answerText, intakeOf, refuse } from '../../pipeline/http-intake/receive.ts';
import { version1 } from '../../pipeline/line-writes/dialect.ts';
import { LineWrites } from '../../pipeline/line-writes/write.ts';
import { WritePosts } from '../../pipeline/remote-write/posts.ts';
import { SegmentPosts } from '../../pipeline/skywalking/posts.ts';
import { Instances } from '../../wire/skywalking/instances.ts';
import type { DeepflowConfig } from './config.ts';
import { LogPosts } from './logs.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, admitted: Admitted) => void;

/** Where OTLP is posted to; the second as exporters make it of the first as their base URL. */
export const tracePaths: readonly string[] = ['/api/v1/otel/trace', '/api/v1/otel/trace/v1/traces'];

/** Paths beside those of OTLP, by the signal that they are of. */
const paths = {
  metrics: ['/api/v1/prometheus', '/api/v1/telegraf'],
  logs: ['/api/v1/log'],
  traces: ['/v3/segment', '/v3/segments'],
} as const;

/** Bytes of a body that are let go by before its refusal. */
const maxIgnored = 65_536;

function metricRoutes(config: DeepflowConfig, settings: Settings, next: Consumers) {
  if (next.metrics === undefined) return [];
  const [prometheus, telegraf] = paths.metrics;
  const writes = new WritePosts(config, settings, next.metrics);
  const given = { include_metadata: config.include_metadata, keep_destination: false };
  const intake = intakeOf(config, settings.budget);
  const lines = new LineWrites(given, settings, next.metrics, intake);
  const takeLines: Answer = (request, response, { auth }) => {
    const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
    lines.handle({ request, response, dialect: version1, query, auth });
  };
  const takeWrite: Answer = (...given) => writes.handle(...given);
  return [[prometheus, takeWrite] as const, [telegraf, takeLines] as const];
}

function logRoutes(config: DeepflowConfig, settings: Settings, next: Consumers) {
  if (next.logs === undefined) return [];
  const posts = new LogPosts(config, settings, next.logs);
  const take: Answer = (...given) => posts.handle(...given);
  return paths.logs.map((path) => [path, take] as const);
}

function segmentRoutes(config: DeepflowConfig, settings: Settings, next: Consumers) {
  if (next.traces === undefined) return [];
  const posts = new SegmentPosts(config, settings, { traces: next.traces }, new Instances());
  const take: Answer = (request, response, { auth }) => posts.handle(request, response, auth);
  return paths.traces.map((path) => [path, take] as const);
}

/** Paths that have a pipeline, with what takes requests to them; those of OTLP are not among them. */
export function routesOf(
  config: DeepflowConfig,
  settings: Settings,
  next: Consumers,
): ReadonlyMap<string, Answer> {
  return new Map([
    ...metricRoutes(config, settings, next),
    ...logRoutes(config, settings, next),
    ...segmentRoutes(config, settings, next),
  ]);
}

/** Answers one request to a path that is not OTLP's. */
export function route(
  routes: ReadonlyMap<string, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
  admitted: Admitted,
): void {
  const path = pathOf(request);
  const answer = routes.get(path);
  const { method } = request;
  if (answer !== undefined && method === 'POST') answer(request, response, admitted);
  else if (answer !== undefined) {
    response.setHeader('allow', 'POST');
    refuse(request, response, 405, 'method not allowed, expected POST\n', maxIgnored);
  } else if (path === '/' && (method === 'GET' || method === 'HEAD')) {
    request.resume();
    answerText(response, 200, '');
  } else {
    request.resume();
    notFound(response);
  }
}
