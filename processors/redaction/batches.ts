import type { Logs, Metrics, Traces } from '../../pdata/batch.ts';
import {
  decodeLogs,
  decodeMetrics,
  decodeTraces,
  encodeLogs,
  encodeMetrics,
  encodeTraces,
} from '../../pdata/objects/index.ts';
import type { Message, ResourceGroup } from '../../pdata/objects/model.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import type { Redactor } from './redactor.ts';

/**
 * Takes attributes out of what a message carries along: those are later ones with a key that is
 * there already, which nobody would have looked at.
 */
function dropDuplicates(message: Message, field: number): void {
  const { rest } = message;
  if (rest === undefined) return;
  const c = new Cursor(rest);
  const w = new Writer(rest.length);
  while (c.pos < rest.length) {
    const start = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (tag !== field * 8 + 2) w.copy(rest, start, c.pos);
  }
  message.rest = w.take();
}

function redactGroups<T>(
  groups: readonly ResourceGroup<T>[],
  redactor: Redactor,
  each: (item: T) => void,
): void {
  for (const { resource, scopes } of groups) {
    dropDuplicates(resource, 1);
    redactor.attributes(resource.attributes);
    for (const { scope, items } of scopes) {
      dropDuplicates(scope, 3);
      redactor.attributes(scope.attributes);
      for (const item of items) each(item);
    }
  }
}

export function redactTraces(batch: Traces, redactor: Redactor): Traces {
  const groups = decodeTraces(batch);
  redactGroups(groups, redactor, (span) => {
    dropDuplicates(span, 9);
    redactor.attributes(span.attributes);
    for (const event of span.events) {
      dropDuplicates(event, 3);
      redactor.attributes(event.attributes);
    }
    redactor.spanName(span);
  });
  return encodeTraces(groups);
}

export function redactLogs(batch: Logs, redactor: Redactor): Logs {
  const groups = decodeLogs(batch);
  redactGroups(groups, redactor, (record) => {
    dropDuplicates(record, 6);
    redactor.attributes(record.attributes);
    redactor.body(record);
  });
  return encodeLogs(groups);
}

export function redactMetrics(batch: Metrics, redactor: Redactor): Metrics {
  const groups = decodeMetrics(batch);
  redactGroups(groups, redactor, ({ data }) => {
    const field = data.kind === 'exponential' ? 1 : 7;
    for (const point of data.points) {
      dropDuplicates(point, field);
      redactor.attributes(point.attributes);
    }
  });
  return encodeMetrics(groups);
}
