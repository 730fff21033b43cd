import type { Message } from '../message.ts';
import type { DescribeOptions, SpanFields, Summary } from '../protocol.ts';
import { errorText } from '../sql/text.ts';
import { RedisRequest, RedisResponse } from './message.ts';
import { Type } from './values.ts';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Type).map(([name, type]) => [type, name]),
);

/**
 * Attributes of a Redis exchange, by OpenTelemetry's semantic conventions for databases
 * (https://opentelemetry.io/docs/specs/semconv/database/redis/).
 */
export function describeRedis(
  request: Message | undefined,
  response: Message | undefined,
  options: DescribeOptions,
  out: SpanFields,
): void {
  out.string('db.system.name', 'redis');
  if (request instanceof RedisRequest) {
    const { operation } = request;
    out.name(operation);
    out.string('db.operation.name', operation);
    out.string('db.query.text', request.text(options.obfuscate));
    if (request.database !== '') out.string('db.namespace', request.database);
    out.int('wirestitch.request.size', request.length);
  } else {
    out.name('REDIS');
  }
  if (!(response instanceof RedisResponse)) return;
  out.int('wirestitch.response.size', response.length);
  out.string('wirestitch.redis.response.type', typeName(response));
  if (!isError(response)) return;
  const code = errorCode(response);
  out.string('db.response.status_code', code);
  out.error(code, errorText(response.error, options.obfuscate, false));
}

function isError(r: RedisResponse): boolean {
  return r.type === Type.error || r.type === Type.bulkError;
}

function typeName(r: RedisResponse): string {
  return NAMES.get(r.type) ?? '';
}

/** The first word of an error: `WRONGTYPE`. */
function errorCode(r: RedisResponse): string {
  return /^[A-Z][A-Z0-9_-]{0,31}(?= |$)/.exec(r.error)?.[0] ?? 'ERR';
}

/** Command, its arguments with values as `?`, and the reply's type or error code. */
export function summarizeRedis(
  request: Message | undefined,
  response: Message | undefined,
): Summary {
  let operation = '?';
  let resource = '';
  if (request instanceof RedisRequest) {
    operation = request.operation;
    resource = request.text(true).slice(operation.length).trim();
  }
  let result = request?.oneWay ? 'sent' : '';
  if (response instanceof RedisResponse) {
    result = isError(response) ? errorCode(response) : typeName(response);
  }
  return { operation, resource, result };
}
