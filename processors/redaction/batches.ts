import type { Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { encodeValue } from '../../pdata/builder.ts';
import {
  decodeSpan,
  decodeValue,
  encodeValue as encodeObject,
  encodeSpan,
  newSpan,
} from '../../pdata/objects/index.ts';
import type { Message } from '../../pdata/objects/model.ts';
import { replaceFields, setBytesField, setStringField } from '../../pdata/overlay.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import {
  type GroupReader,
  LogField,
  LogReader,
  MetricReader,
  SpanField,
  SpanReader,
  ValueType,
} from '../../pdata/readers.ts';
import { BodyRedactor } from './body.ts';
import type { Config } from './config.ts';
import { Redactor } from './redactor.ts';
import type { Rules } from './rules.ts';
import { type NamedSpan, sanitizedName } from './span-name.ts';
import { systemOfView, ViewRedactor } from './view-redactor.ts';

/** Fields of a message with one tag, or those with others. */
function fieldsWith(bytes: Uint8Array, wanted: number, others = false): Uint8Array {
  const c = new Cursor(bytes);
  const w = new Writer(bytes.length);
  while (c.pos < bytes.length) {
    const start = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if ((tag === wanted) !== others) w.copy(bytes, start, c.pos);
  }
  return w.take();
}

/**
 * Takes attributes out of what an event carries along: those are later ones with a key that is
 * there already, which nobody would have looked at.
 */
function dropDuplicates(event: Message): void {
  if (event.rest !== undefined) event.rest = fieldsWith(event.rest, 26, true);
}

/** Walks the resources and scopes of a batch; `item` is called on each item. */
function eachItem<S extends 'traces' | 'logs' | 'metrics'>(
  reader: GroupReader<S>,
  redactor: ViewRedactor,
  item: () => void,
): void {
  while (reader.nextResource()) {
    redactor.attributes(reader.resource);
    while (reader.nextScope()) {
      redactor.attributes(reader.scope);
      while (reader.nextItem()) item();
    }
  }
}

/** Edits an editable batch of traces. */
export function traceRedaction(rules: Rules, config: Config): (batch: Traces) => void {
  const redactor = new ViewRedactor(rules, config);
  const objects = new Redactor(rules, config);
  const renames = rules.url !== undefined || rules.database !== undefined;

  /** Events cannot be edited: where one has to change, all of the span are written anew. */
  function events(reader: SpanReader): void {
    let changed = false;
    while (reader.nextEvent()) changed = redactor.judge(reader.event) || changed;
    if (!changed) return;
    const { bytes, start, end } = reader.item;
    const span = { ...newSpan(), events: decodeSpan(bytes, start, end).events };
    for (const event of span.events) {
      dropDuplicates(event);
      objects.attributes(event.attributes);
    }
    replaceFields(reader.item, SpanField.events, fieldsWith(encodeSpan(span), 90));
  }

  function rename(reader: SpanReader): void {
    const span: NamedSpan = {
      name: reader.name,
      kind: reader.kind,
      has: (key) => reader.item.find(redactor.key(key)),
      system: () => systemOfView(reader.item),
    };
    if (rules.isAllowed(span.name)) return;
    const name = sanitizedName(span, rules, config);
    if (name === '' || name === '...' || name === span.name) return;
    setStringField(reader.item, SpanField.name, name);
  }

  return (batch) => {
    const reader = new SpanReader(batch);
    eachItem(reader, redactor, () => {
      redactor.attributes(reader.item);
      events(reader);
      if (renames) rename(reader);
    });
  };
}

/** Edits an editable batch of logs. */
export function logRedaction(rules: Rules, config: Config): (batch: Logs) => void {
  const redactor = new ViewRedactor(rules, config);
  const bodies = new BodyRedactor(rules, redactor.done);
  const { done } = redactor;

  function structured({ item }: LogReader): void {
    const body = decodeValue(item.value.copy());
    if (body instanceof Map) bodies.map(body);
    else if (Array.isArray(body)) bodies.list(body);
    if (done.masked.length === 0 && done.redacted.length === 0) return;
    setBytesField(item, LogField.body, encodeObject(body));
  }

  /** @returns whether what was done is told: not of a body that is allowed */
  function plain({ item }: LogReader, found: boolean): boolean {
    const text = found ? item.value.toText() : '';
    if (rules.isAllowed(text)) return false;
    const result = rules.body(text);
    if (result === text) return false;
    done.masked.push('body');
    setBytesField(item, LogField.body, encodeValue(result));
    return true;
  }

  return (batch) => {
    const reader = new LogReader(batch);
    eachItem(reader, redactor, () => {
      redactor.attributes(reader.item);
      done.clear();
      const found = reader.findBody();
      const type = found ? reader.item.value.type : ValueType.empty;
      let told = true;
      if (type === ValueType.map || type === ValueType.array) structured(reader);
      else told = plain(reader, found);
      if (told) redactor.summarise(reader.item, 'body.');
    });
  };
}

/** Edits an editable batch of metrics. */
export function metricRedaction(rules: Rules, config: Config): (batch: Metrics) => void {
  const redactor = new ViewRedactor(rules, config);
  return (batch) => {
    const reader = new MetricReader(batch);
    eachItem(reader, redactor, () => redactor.attributes(reader.item));
  };
}
