import type { LogFields } from '../../pdata/builder.ts';
import type { AttributeValue } from '../../pdata/values.ts';
import { type Fields, isFields, isOfResource } from './resource.ts';
import { severityOf } from './severity.ts';
import { nanosOf } from './time.ts';

/** Attributes by fields that have a name in OpenTelemetry's conventions. */
const names: ReadonlyMap<string, string> = new Map([
  ['file', 'log.file.path'],
  ['stream', 'log.iostream'],
]);

/** The bytes of an id in hexadecimal digits; undefined = it is none of this length. */
function idOf(value: AttributeValue | undefined, bytes: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== 2 * bytes) return undefined;
  if (!/^[0-9a-f]+$/i.test(value) || /^0+$/.test(value)) return undefined;
  return Buffer.from(value, 'hex');
}

function attributesOf(event: Fields, taken: ReadonlySet<string>): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, value] of Object.entries(event)) {
    if (taken.has(key) || isOfResource(key, value) || value === null || value === '') continue;
    if (key === 'json' && isFields(value)) continue;
    attributes.set(names.get(key) ?? key, value);
  }
  if (!isFields(event.json)) return attributes;
  for (const [key, value] of Object.entries(event.json)) {
    attributes.set(attributes.has(key) ? `json.${key}` : key, value);
  }
  return attributes;
}

/**
 * An event as a log record.
 * @returns a text that says why it cannot be one otherwise
 */
export function recordOf(event: Fields, nowNs: bigint): LogFields | string {
  const { message, timestamp, level } = event;
  if (message === undefined || message === null || message === '') return 'it has no message';
  let timeUnixNano = 0n;
  if (timestamp !== undefined && timestamp !== null && timestamp !== '') {
    const given = typeof timestamp === 'string' ? nanosOf(timestamp) : undefined;
    if (given === undefined) {
      const quoted = JSON.stringify(timestamp).slice(0, 100);
      return `its timestamp ${quoted} is no time of RFC 3339 since 1970`;
    }
    timeUnixNano = given;
  }
  const taken = new Set(['message', 'timestamp']);
  const traceId = idOf(event.trace_id, 16);
  const spanId = idOf(event.span_id, 8);
  if (traceId !== undefined) taken.add('trace_id');
  if (spanId !== undefined) taken.add('span_id');
  const severityText = typeof level === 'string' ? level : '';
  if (severityText !== '') taken.add('level');
  return {
    timeUnixNano,
    observedTimeUnixNano: nowNs,
    severityNumber: severityOf(severityText),
    severityText,
    body: message,
    attributes: attributesOf(event, taken),
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
  };
}
