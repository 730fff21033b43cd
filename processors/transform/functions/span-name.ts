import { defineFunction } from '../../../ottl/functions/types.ts';
import { OttlError } from '../../../ottl/index.ts';
import { setStringField, setTextAttribute } from '../../../pdata/overlay.ts';
import { AttributeKey, type MessageView, SpanField } from '../../../pdata/readers.ts';

/*
 * Names of spans by the semantic conventions of HTTP, RPC, database and messaging.
 * https://opentelemetry.io/docs/specs/semconv/
 */

const keys = new Map<string, AttributeKey>(
  [
    ...['http.request.method', 'http.method', 'http.route', 'url.template'],
    ...['rpc.system.name', 'rpc.system', 'rpc.method', 'rpc.grpc.method', 'rpc.service'],
    ...['rpc.grpc.service', 'db.system.name', 'db.system', 'db.query.summary', 'db.name'],
    ...['db.operation.name', 'db.operation', 'db.namespace', 'db.collection.name'],
    ...['db.stored_procedure.name', 'server.address', 'server.port', 'messaging.system'],
    ...['messaging.operation.name', 'messaging.operation', 'messaging.destination.temporary'],
    ...['messaging.destination.anonymous', 'messaging.destination.template'],
    ...['messaging.destination.name', 'messaging.destination'],
  ].map((name) => [name, new AttributeKey(name)]),
);

/** Text of the first of some attributes that is there. */
function text(span: MessageView, ...names: readonly string[]): string | undefined {
  for (const name of names) if (span.find(keys.get(name)!)) return span.value.toText();
  return undefined;
}

function isTrue(span: MessageView, name: string): boolean {
  return span.find(keys.get(name)!) && span.value.bool();
}

function httpName(span: MessageView, subject: string): string {
  const method = text(span, 'http.request.method', 'http.method');
  if (method === undefined) return '';
  const target = text(span, subject);
  return target === undefined ? method : `${method} ${target}`;
}

function rpcName(span: MessageView): string {
  const system = text(span, 'rpc.system.name', 'rpc.system');
  if (system === undefined) return '';
  const method = text(span, 'rpc.method', 'rpc.grpc.method');
  const service = text(span, 'rpc.service', 'rpc.grpc.service');
  if (service !== undefined) return `${service}/${method ?? '*'}`;
  return method ?? system;
}

function serverName(span: MessageView): string {
  const address = text(span, 'server.address');
  if (address === undefined) return '';
  const port = text(span, 'server.port');
  return port === undefined ? address : `${address}:${port}`;
}

function databaseTarget(span: MessageView): string {
  const namespace = text(span, 'db.namespace', 'db.name') ?? '';
  const inner = text(span, 'db.collection.name') ?? text(span, 'db.stored_procedure.name');
  if (inner !== undefined) return namespace === '' ? inner : `${namespace}.${inner}`;
  return namespace === '' ? serverName(span) : namespace;
}

function databaseName(span: MessageView): string {
  const system = text(span, 'db.system.name', 'db.system');
  if (system === undefined) return '';
  const summary = text(span, 'db.query.summary');
  if (summary !== undefined) return summary;
  const operation = text(span, 'db.operation.name', 'db.operation') ?? '';
  return [operation, databaseTarget(span)].filter((part) => part !== '').join(' ') || system;
}

function destination(span: MessageView): string {
  if (isTrue(span, 'messaging.destination.temporary')) return '(temporary)';
  if (isTrue(span, 'messaging.destination.anonymous')) return '(anonymous)';
  return (
    text(span, 'messaging.destination.template') ??
    text(span, 'messaging.destination.name', 'messaging.destination') ??
    serverName(span)
  );
}

function messagingName(span: MessageView): string {
  const system = text(span, 'messaging.system');
  if (system === undefined) return '';
  const operation = text(span, 'messaging.operation.name', 'messaging.operation');
  const target = destination(span);
  if (target === '') return operation ?? system;
  return operation === undefined ? target : `${operation} ${target}`;
}

/** The name by the conventions of the span's kind, '' = they say nothing. */
function conventionalName(span: MessageView): string {
  switch (span.uint(SpanField.kind)) {
    case 2:
      return httpName(span, 'http.route') || rpcName(span) || messagingName(span);
    case 3:
      return (
        httpName(span, 'url.template') || rpcName(span) || databaseName(span) || messagingName(span)
      );
    case 4:
    case 5:
      return messagingName(span);
    default:
      return '';
  }
}

const versionPattern = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** @throws OttlError for a version of the conventions that is not known */
function checkVersion(version: string): void {
  const found = versionPattern.exec(version);
  if (found === null) {
    throw new OttlError(`failed to parse semconv version "${version}": invalid semantic version`);
  }
  const [major, minor, patch] = found.slice(1, 4).map((part) => Number(part ?? 0));
  const before = found[4] !== undefined && patch === 0 ? 0.5 : 0;
  const number = minor! - before + (patch! > 0 ? 0.1 : 0);
  if (major === 1 && number >= 37 && number <= 40) return;
  throw new OttlError(
    `unsupported semconv version "${version}": must be between 1.37.0 and 1.40.0`,
  );
}

/** Editor `set_semconv_span_name`: names spans by the semantic conventions, 1.37 to 1.40. */
export const setSemconvSpanName = defineFunction({
  name: 'set_semconv_span_name',
  parameters: [
    { name: 'semconv_version', type: 'literalString' },
    { name: 'original_span_name_attribute', type: 'literalString', optional: true },
  ],
  make({ semconv_version: version, original_span_name_attribute: attribute }) {
    checkVersion(version);
    if (attribute === '') {
      throw new OttlError('originalSpanNameAttribute cannot be an empty string');
    }
    const key = attribute === undefined ? undefined : new AttributeKey(attribute);
    return ({ item }) => {
      const before = item.string(SpanField.name);
      const name = conventionalName(item) || before;
      if (name === before) return null;
      setStringField(item, SpanField.name, name);
      if (key !== undefined) setTextAttribute(item, key, before);
      return null;
    };
  },
});
