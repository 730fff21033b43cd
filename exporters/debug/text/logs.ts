import { Lines } from './lines.ts';
import type { LogRecord, Request } from './otlp-json.ts';
import { goTime, inlineAttributes, plainValue, typedValue } from './values.ts';

const levels = ['Trace', 'Debug', 'Info', 'Warn', 'Error', 'Fatal'];

/** Every field of every log record. */
export function detailedLogs(request: Request): string {
  const out = new Lines();
  request.resourceLogs?.forEach((resource, i) => {
    out.resource('ResourceLog', i, resource);
    resource.scopeLogs?.forEach((scope, j) => {
      out.scope('ScopeLogs', j, scope);
      scope.logRecords?.forEach((record, k) => {
        out.add(`LogRecord #${k}`);
        detailedRecord(out, record);
      });
    });
  });
  return out.toString();
}

function detailedRecord(out: Lines, record: LogRecord): void {
  out.add(`ObservedTimestamp: ${goTime(record.observedTimeUnixNano)}`);
  out.add(`Timestamp: ${goTime(record.timeUnixNano)}`);
  out.add(`SeverityText: ${record.severityText ?? ''}`);
  out.add(`SeverityNumber: ${severity(record.severityNumber ?? 0)}`);
  if (record.eventName) out.add(`EventName: ${record.eventName}`);
  out.add(`Body: ${typedValue(record.body)}`);
  out.attributes('Attributes', record.attributes);
  out.add(`Trace ID: ${record.traceId ?? ''}`);
  out.add(`Span ID: ${record.spanId ?? ''}`);
  out.add(`Flags: ${record.flags ?? 0}`);
}

/** 1 = Trace, 2 = Trace2 ... 9 = Info ... 24 = Fatal4. */
function severity(number: number): string {
  const level = levels[Math.floor((number - 1) / 4)];
  if (number < 1 || level === undefined) return `Unspecified(${number})`;
  const step = (number - 1) % 4;
  return `${level}${step === 0 ? '' : step + 1}(${number})`;
}

/** A line a record: body and attributes. */
export function normalLogs(request: Request): string {
  const out = new Lines();
  request.resourceLogs?.forEach((resource, i) => {
    out.shortResource('ResourceLog', i, resource);
    resource.scopeLogs?.forEach((scope, j) => {
      out.shortScope('ScopeLog', j, scope);
      for (const record of scope.logRecords ?? []) {
        const attributes = inlineAttributes(record.attributes);
        out.add(`${plainValue(record.body)}${attributes === '' ? ' ' : attributes}`);
      }
    });
  });
  return out.toString();
}
