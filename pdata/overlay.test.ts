import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Batch } from './batch.ts';
import { toJson } from './json.ts';
import {
  clearField,
  deleteAttribute,
  insertAttribute,
  renameAttribute,
  setAttribute,
  setBytesField,
  setStringField,
  setUintField,
  updateAttribute,
} from './overlay.ts';
import { parseRequest } from './parse.ts';
import type { GroupReader } from './readers/group-reader.ts';
import { AttributeKey, LogReader, type MessageView, MetricReader, SpanReader } from './readers.ts';
import type { Signal } from './signal.ts';
import { randomOf, randomRequest } from './testing/random-request.ts';
import { type AttributeValue, encodeValue } from './values.ts';

/* The model: the batch as JSON objects, edited the slow way. */
type Json = { [key: string]: Json | Json[] | string | number | boolean };
interface KeyValue {
  key?: string;
  value?: Json;
}

const keyTexts = ['', 'a', 'service.name', 'http.method', 'größe', 'new', 'x'.repeat(130)];
const keys = keyTexts.map((text) => new AttributeKey(text));
const values: AttributeValue[] = ['v', 12, true, 'w'.repeat(200), null, [1, 'a']];
const encoded = values.map(encodeValue);
const asJson: Json[] = [
  { stringValue: 'v' },
  { intValue: '12' },
  { boolValue: true },
  { stringValue: 'w'.repeat(200) },
  {},
  { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'a' }] } },
];

function listOf(owner: Json): KeyValue[] {
  owner.attributes ??= [];
  return owner.attributes as unknown as KeyValue[];
}

const indexOf = (list: KeyValue[], key: string): number =>
  list.findIndex((entry) => (entry.key ?? '') === key);

function modelDelete(list: KeyValue[], key: string): void {
  for (let at = indexOf(list, key); at >= 0; at = indexOf(list, key)) list.splice(at, 1);
}

function modelSet(list: KeyValue[], key: string, value: Json): void {
  const at = indexOf(list, key);
  if (at < 0) list.push({ key, value });
  else {
    list[at] = { key, value };
    for (let i = list.length - 1; i > at; i -= 1)
      if ((list[i]!.key ?? '') === key) list.splice(i, 1);
  }
}

function modelRename(list: KeyValue[], from: string, to: string): void {
  const at = indexOf(list, from);
  if (at < 0 || from === to) return;
  const value = list[at]!.value ?? {};
  const marked = list[at]!;
  modelDelete(list, to);
  const place = list.indexOf(marked);
  list[place] = { key: to, value };
  for (let i = list.length - 1; i > place; i -= 1)
    if ((list[i]!.key ?? '') === from) list.splice(i, 1);
}

/** One random edit of a message, in the batch and in the model. */
function editOnce(random: (below: number) => number, view: MessageView, model: Json): void {
  const k = random(keys.length);
  const v = random(values.length);
  const key = keys[k]!;
  const list = listOf(model);
  const known = indexOf(list, key.text) >= 0;
  switch (random(5)) {
    case 0:
      setAttribute(view, key, encoded[v]!);
      modelSet(list, key.text, asJson[v]!);
      return;
    case 1:
      assert.equal(insertAttribute(view, key, encoded[v]!), !known);
      if (!known) modelSet(list, key.text, asJson[v]!);
      return;
    case 2:
      assert.equal(updateAttribute(view, key, encoded[v]!), known);
      if (known) modelSet(list, key.text, asJson[v]!);
      return;
    case 3:
      assert.equal(deleteAttribute(view, key), known);
      modelDelete(list, key.text);
      return;
    default: {
      const to = random(keys.length);
      assert.equal(renameAttribute(view, key, keys[to]!), known);
      modelRename(list, key.text, keys[to]!.text);
    }
  }
}

/** A key that is deleted and set again may keep its place: order has no meaning. */
const byKey = (a: { key?: string }, b: { key?: string }): number =>
  (a.key ?? '') < (b.key ?? '') ? -1 : (a.key ?? '') > (b.key ?? '') ? 1 : 0;

/** What a walk over the attributes shows must be what the model holds. */
function compareWalk(view: MessageView, model: Json): void {
  const seen: KeyValue[] = [];
  view.rewind();
  while (view.nextAttribute()) {
    seen.push({ key: view.keyText(), value: JSON.parse(view.value.toJson()) as Json });
  }
  const want = listOf(model).map(({ key, value }) => ({ key: key ?? '', value: value ?? {} }));
  assert.deepEqual(seen.sort(byKey), want.sort(byKey));
  for (const key of keys) assert.equal(view.find(key), indexOf(listOf(model), key.text) >= 0);
}

/** Without what edits may add or leave behind: empty resources, scopes and lists. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const tidied = tidy(inner);
    if (key === 'attributes') (tidied as { key?: string }[]).sort(byKey);
    const empty = typeof tidied === 'object' && tidied !== null && Object.keys(tidied).length === 0;
    if (empty && ['resource', 'scope', 'attributes', 'value', 'key'].includes(key)) continue;
    if (key === 'key' && tidied === '') continue;
    out[key] = tidied;
  }
  return out;
}

const objects = (json: string): Json => JSON.parse(json) as Json;
const children = (owner: Json, ...names: string[]): Json[] =>
  names.flatMap((name) => (owner[name] as Json[] | undefined) ?? []);

/** Models of points by metric, in order. */
function pointsOf(scope: Json): { metric: Json; point: Json }[] {
  return children(scope, 'metrics').flatMap((metric) =>
    ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'].flatMap((kind) =>
      children((metric[kind] as Json | undefined) ?? {}, 'dataPoints').map((point) => ({
        metric,
        point,
      })),
    ),
  );
}

const names = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', ''],
} as const;

type Edited = keyof typeof names;

function readerOf(signal: Edited, batch: Batch<Signal>): GroupReader<Signal> {
  if (signal === 'traces')
    return new SpanReader(batch as Batch<'traces'>) as unknown as GroupReader<Signal>;
  if (signal === 'logs')
    return new LogReader(batch as Batch<'logs'>) as unknown as GroupReader<Signal>;
  return new MetricReader(batch as Batch<'metrics'>) as unknown as GroupReader<Signal>;
}

/** Walks batch and model side by side. */
function walk(
  signal: Edited,
  batch: Batch<Signal>,
  model: Json,
  visit: (view: MessageView, model: Json) => void,
): void {
  const [groups, scopes, items] = names[signal];
  const reader = readerOf(signal, batch);
  for (const group of children(model, groups)) {
    assert.ok(reader.nextResource());
    group.resource ??= {};
    visit(reader.resource, group.resource as Json);
    for (const scope of children(group, scopes)) {
      assert.ok(reader.nextScope());
      scope.scope ??= {};
      visit(reader.scope, scope.scope as Json);
      const points =
        items === '' ? pointsOf(scope).map(({ point }) => point) : children(scope, items);
      for (const item of points) {
        assert.ok(reader.nextItem());
        visit(reader.item, item);
      }
      assert.equal(reader.nextItem(), false);
    }
    assert.equal(reader.nextScope(), false);
  }
  assert.equal(reader.nextResource(), false);
}

describe('overlay', () => {
  it('edits as objects would, through several editors, and writes it', () => {
    let edits = 0;
    fc.assert(
      fc.property(
        fc.constantFrom<Edited>('traces', 'logs', 'metrics'),
        fc.integer(),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        (signal, seed, rate, wild) => {
          const random = randomOf(seed + 7);
          const bytes = randomRequest(signal, seed, { unknown: wild, wild });
          const source: Batch<Signal> = parseRequest(signal, bytes);
          const before = toJson(source);
          const model = objects(before);
          let batch = source.editable();
          for (let editor = 0; editor < 3; editor += 1) {
            walk(signal, batch, model, (view, at) => {
              if (random(rate) > 0) return;
              for (let n = random(4); n >= 0; n -= 1) editOnce(random, view, at);
              edits += 1;
              compareWalk(view, at);
            });
            if (random(2) === 0) batch.ranges();
            if (random(2) === 0) batch = batch.editable();
          }
          walk(signal, batch, model, compareWalk);
          assert.deepEqual(tidy(objects(toJson(batch))), tidy(model));
          for (const range of batch.ranges()) {
            assert.equal(parseRequest(signal, range).itemCount, source.itemCount);
          }
          assert.deepEqual(objects(toJson(source)), objects(before));
        },
      ),
      { numRuns: 400 },
    );
    assert.ok(edits > 1000, `only ${edits} messages were edited`);
  });

  it('leaves a batch without effective edits as it is', () => {
    const bytes = randomRequest('traces', 3, { unknown: true, wild: true });
    const source = parseRequest('traces', bytes);
    const batch = source.editable();
    const reader = new SpanReader(batch);
    const absent = new AttributeKey('absent');
    let spans = 0;
    while (reader.nextAnyItem()) {
      deleteAttribute(reader.item, absent);
      updateAttribute(reader.item, absent, encoded[0]!);
      renameAttribute(reader.item, absent, keys[1]!);
      spans += 1;
    }
    assert.ok(spans > 0);
    assert.equal(batch.ranges()[0], source.ranges()[0]);
  });

  it('sets and clears fields of items and metrics, whole metrics read through', () => {
    const bytes = randomRequest('metrics', 11, { unknown: false, wild: false });
    const batch = parseRequest('metrics', bytes).editable();
    const model = objects(toJson(batch));
    for (const group of children(model, 'resourceMetrics')) {
      for (const scope of children(group, 'scopeMetrics')) {
        for (const metric of children(scope, 'metrics')) {
          metric.name = 'renamed';
          metric.unit = 'By';
          delete metric.description;
        }
        for (const { point } of pointsOf(scope)) modelSet(listOf(point), 'new', asJson[0]!);
      }
    }
    const reader = new MetricReader(batch);
    let points = 0;
    while (reader.nextResource()) {
      while (reader.nextScope()) {
        while (reader.nextMetric()) {
          setStringField(reader.metric, 1, 'renamed');
          setStringField(reader.metric, 3, 'By');
          clearField(reader.metric, 2);
          assert.equal(reader.name, 'renamed');
          assert.equal(reader.unit, 'By');
          assert.equal(reader.description, '');
          while (reader.nextPoint()) {
            setAttribute(reader.item, keys[5]!, encoded[0]!);
            points += 1;
          }
        }
      }
    }
    assert.ok(points > 3 && points === batch.itemCount);
    assert.deepEqual(tidy(objects(toJson(batch))), tidy(model));
  });

  it('sets names, kinds and bodies', () => {
    const spans = parseRequest('traces', randomRequest('traces', 5, { unknown: true, wild: true }));
    const batch = spans.editable();
    const reader = new SpanReader(batch);
    while (reader.nextAnyItem()) {
      setStringField(reader.item, 5, 'first');
      setStringField(reader.item, 5, 'größer');
      setUintField(reader.item, 6, 300);
      assert.equal(reader.name, 'größer');
      assert.equal(reader.kind, 300);
    }
    const after = new SpanReader(parseRequest('traces', batch.ranges()[0]!));
    let count = 0;
    while (after.nextAnyItem()) {
      assert.equal(after.name, 'größer');
      assert.equal(after.kind, 300);
      count += 1;
    }
    assert.equal(count, spans.itemCount);

    const logs = parseRequest('logs', randomRequest('logs', 5, { unknown: false, wild: false }));
    const edited = logs.editable();
    const logReader = new LogReader(edited);
    while (logReader.nextAnyItem()) setBytesField(logReader.item, 5, encodeValue('body'));
    const logAfter = new LogReader(parseRequest('logs', edited.ranges()[0]!));
    let bodies = 0;
    while (logAfter.nextAnyItem()) {
      assert.ok(logAfter.findBody());
      assert.equal(logAfter.item.value.string(), 'body');
      bodies += 1;
    }
    assert.equal(bodies, logs.itemCount);
  });

  it('gives groups without resource or scope a place for edits', () => {
    const bytes = Uint8Array.of(10, 4, 18, 2, 18, 0);
    const batch = parseRequest('traces', bytes).editable();
    const reader = new SpanReader(batch);
    reader.nextResource();
    setAttribute(reader.resource, keys[1]!, encoded[0]!);
    reader.nextScope();
    setStringField(reader.scope, 1, 'scope');
    assert.equal(
      toJson(batch),
      '{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"v"}}]},' +
        '"scopeSpans":[{"scope":{"name":"scope"},"spans":[{}]}]}]}',
    );
  });

  it('refuses edits of a batch that is not editable', () => {
    const reader = new SpanReader(parseRequest('traces', Uint8Array.of(10, 4, 18, 2, 18, 0)));
    reader.nextAnyItem();
    assert.throws(() => setAttribute(reader.item, keys[1]!, encoded[0]!), /BUG: .* not editable/);
  });
});
