/** Edits by overlay against decoding to objects. `node bench/pdata/overlay.ts` */
import assert from 'node:assert/strict';
import type { Traces } from '../../pdata/batch.ts';
import { encodeValue } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import {
  deleteAttribute,
  insertAttribute,
  renameAttribute,
  setAttribute,
  setStringField,
} from '../../pdata/overlay.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { AttributeKey, InternTable, SpanField, SpanReader } from '../../pdata/readers.ts';
import { request } from '../lib/payload.ts';
import { header, measure, print } from './measure.ts';
import { decode, encode, type ObjectSpan } from './objects.ts';

const items = 1000;
const bytes = request('traces', items);
const key = (text: string): AttributeKey => new AttributeKey(text);
const env = key('env');
const production = encodeValue('production');
const agent = key('user_agent.original');
const method = key('http.request.method');
const patched = encodeValue('PATCH');
const scheme = key('url.scheme');
const protocol = key('protocol');

/** Five editors in a row, each a walk of its own; `every` = 1 edits all spans, 10 one in ten. */
function five(every: number): Traces {
  const batch = parseRequest('traces', bytes).editable();
  const steps: ((reader: SpanReader) => void)[] = [
    ({ item }) => insertAttribute(item, env, production),
    ({ item }) => deleteAttribute(item, agent),
    ({ item }) => setAttribute(item, method, patched),
    ({ item }) => renameAttribute(item, scheme, protocol),
    ({ item }) => setStringField(item, SpanField.name, 'GET /items'),
  ];
  for (const step of steps) {
    const reader = new SpanReader(batch);
    for (let i = 0; reader.nextAnyItem(); i += 1) if (i % every === 0) step(reader);
  }
  return batch;
}

function remove(span: ObjectSpan, name: string): void {
  const at = span.attributes.findIndex((a) => a.key === name);
  if (at >= 0) span.attributes.splice(at, 1);
}

function set(span: ObjectSpan, name: string, value: string): void {
  const found = span.attributes.find((a) => a.key === name);
  if (found === undefined) span.attributes.push({ key: name, value });
  else found.value = value;
}

const keys = new InternTable();
const writer = new Writer(bytes.length * 2);

function fiveOfObjects(every: number): Uint8Array {
  parseRequest('traces', bytes);
  const groups = decode(bytes, keys);
  const steps: ((span: ObjectSpan) => void)[] = [
    (span) => {
      if (!span.attributes.some((a) => a.key === 'env')) set(span, 'env', 'production');
    },
    (span) => remove(span, 'user_agent.original'),
    (span) => set(span, 'http.request.method', 'PATCH'),
    (span) => {
      const found = span.attributes.find((a) => a.key === 'url.scheme');
      if (found !== undefined) found.key = 'protocol';
    },
    (span) => {
      span.name = 'GET /items';
    },
  ];
  for (const step of steps) {
    let i = 0;
    for (const { scopes } of groups) {
      for (const { spans } of scopes) {
        for (const span of spans) {
          if (i % every === 0) step(span);
          i += 1;
        }
      }
    }
  }
  return encode(groups, writer);
}

/** The attributes processor's usual work: one insert and one delete on each span. */
function two(body: Uint8Array): Traces {
  const batch = parseRequest('traces', body).editable();
  const reader = new SpanReader(batch);
  while (reader.nextAnyItem()) {
    insertAttribute(reader.item, env, production);
    deleteAttribute(reader.item, agent);
  }
  return batch;
}

for (const every of [1, 10]) {
  assert.equal(
    toJson(parseRequest('traces', fiveOfObjects(every))),
    toJson(five(every)),
    'both ways must give the same spans',
  );
}

header('overlay, spans of 450 B');
for (const count of [1, 50, items]) {
  const body = request('traces', count);
  print(
    `one insert, one delete on each span, ${count} a request`,
    measure(
      {
        'parse alone': () => parseRequest('traces', body),
        'parse and edit': () => two(body),
        'parse, edit and write': () => two(body).ranges(),
      },
      count,
      Math.ceil(200_000 / count),
    ),
  );
}
for (const every of [10, 1]) {
  print(
    `five editors in a row over ${100 / every} % of the spans, with parsing and writing`,
    measure(
      {
        'decode to objects, edit, encode': () => fiveOfObjects(every),
        'overlay, without writing': () => five(every),
        overlay: () => five(every).ranges(),
      },
      items,
      100,
    ),
  );
}
