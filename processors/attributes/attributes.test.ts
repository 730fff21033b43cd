import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { background, type Context } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

const context: Context = {
  client: {
    address: '10.0.0.1:4711',
    metadata: new Map([['x-tenant', ['a', 'b']]]),
    auth: { subject: 'me', groups: ['x', 'y'], age: 5 },
  },
  deadlineMs: Number.POSITIVE_INFINITY,
};

function request(signal: Signal, item: object, scope = {}, resource: Attribute[] = []): Uint8Array {
  const shapes: Partial<Record<Signal, object>> = {
    traces: {
      resourceSpans: [
        { resource: { attributes: resource }, scopeSpans: [{ scope, spans: [item] }] },
      ],
    },
    logs: {
      resourceLogs: [
        { resource: { attributes: resource }, scopeLogs: [{ scope, logRecords: [item] }] },
      ],
    },
    metrics: {
      resourceMetrics: [
        {
          resource: { attributes: resource },
          scopeMetrics: [{ scope, metrics: [{ name: 'm', gauge: { dataPoints: [item] } }] }],
        },
      ],
    },
  };
  return new TextEncoder().encode(JSON.stringify(shapes[signal]));
}

async function run<S extends Signal>(
  signal: S,
  options: object,
  bytes: Uint8Array,
): Promise<string> {
  const sink = collectingSink<S>();
  const processor = factory.create(signal, testSettings(), config.parse(options), sink);
  await processor.start();
  await processor.consume(parseJson(signal, bytes).editable() as unknown as Batch<S>, context);
  await processor.shutdown();
  return toJson(sink.batches[0]!);
}

function attributesOf(json: string): Attribute[] {
  const found = /"(?:spans|logRecords|dataPoints)":\[(.*?)\]\}\]\}/.exec(json);
  assert.ok(found, json);
  const all = JSON.parse(json) as Record<string, unknown>;
  const item = [...'012345'].reduce<unknown>((at) => {
    if (typeof at !== 'object' || at === null) return at;
    const entries = Object.entries(at as Record<string, unknown>);
    const list = entries.find(([key]) =>
      /^(resource(Spans|Logs|Metrics)|scope(Spans|Logs|Metrics)|spans|logRecords|metrics|gauge|dataPoints)$/.test(
        key,
      ),
    );
    if (list === undefined) return at;
    return Array.isArray(list[1]) ? list[1][0] : list[1];
  }, all);
  return ((item as { attributes?: Attribute[] }).attributes ?? []) as Attribute[];
}

/** Runs actions over one span with the attributes of `before`; values as OTLP/JSON. */
async function f(
  actions: object[],
  before: Record<string, Record<string, unknown>>,
  want: Record<string, Record<string, unknown>>,
): Promise<void> {
  const attributes = Object.entries(before).map(([key, value]) => ({ key, value }));
  const json = await run('traces', { actions }, request('traces', { attributes }));
  const after = Object.fromEntries(attributesOf(json).map(({ key, value }) => [key, value]));
  assert.deepEqual(after, want);
}

const s = (stringValue: string) => ({ stringValue });
const i = (intValue: number | string) => ({ intValue: String(intValue) });
const d = (doubleValue: number | string) => ({ doubleValue });
const sha = (data: string | Uint8Array) => s(createHash('sha256').update(data).digest('hex'));

describe('attributes processor', () => {
  it('inserts, updates and upserts', async () => {
    await f([{ key: 'a', value: 1, action: 'insert' }], {}, { a: i(1) });
    await f([{ key: 'a', value: 1, action: 'insert' }], { a: s('x') }, { a: s('x') });
    await f([{ key: 'a', value: 1.5, action: 'update' }], {}, {});
    await f([{ key: 'a', value: 1.5, action: 'UPDATE' }], { a: s('x') }, { a: d(1.5) });
    await f([{ key: 'a', value: true, action: 'upsert' }], {}, { a: { boolValue: true } });
    await f(
      [{ key: 'a', value: ['x', { k: 1 }], action: 'upsert' }],
      { a: s('old') },
      {
        a: {
          arrayValue: {
            values: [s('x'), { kvlistValue: { values: [{ key: 'k', value: i(1) }] } }],
          },
        },
      },
    );
  });

  it('takes values from attributes, the request and the default', async () => {
    await f(
      [{ key: 'b', from_attribute: 'a', action: 'insert' }],
      { a: i(7) },
      { a: i(7), b: i(7) },
    );
    await f([{ key: 'b', from_attribute: 'no', action: 'insert' }], {}, {});
    await f(
      [{ key: 'b', from_attribute: 'no', default_value: 'x', action: 'insert' }],
      {},
      { b: s('x') },
    );
    await f(
      [{ key: 'b', from_context: 'metadata.X-Tenant', action: 'insert' }],
      {},
      { b: s('a;b') },
    );
    await f([{ key: 'b', from_context: 'x-tenant', action: 'insert' }], {}, { b: s('a;b') });
    await f(
      [{ key: 'b', from_context: 'client.address', action: 'insert' }],
      {},
      { b: s('10.0.0.1') },
    );
    await f([{ key: 'b', from_context: 'auth.subject', action: 'insert' }], {}, { b: s('me') });
    await f([{ key: 'b', from_context: 'auth.groups', action: 'insert' }], {}, { b: s('x;y') });
    await f([{ key: 'b', from_context: 'auth.age', action: 'insert' }], {}, {});
  });

  it('deletes by key and by pattern', async () => {
    await f([{ key: 'a', action: 'delete' }], { a: i(1), b: i(2) }, { b: i(2) });
    await f(
      [{ pattern: '^http\\.', action: 'delete' }],
      { 'http.a': i(1), 'http.b': i(2), c: i(3) },
      { c: i(3) },
    );
    await f(
      [{ key: 'c', pattern: 'a$', action: 'delete' }],
      { 'x.a': i(1), c: i(3), d: i(4) },
      { d: i(4) },
    );
  });

  it('hashes with SHA-256', async () => {
    await f([{ key: 'a', action: 'hash' }], { a: s('text') }, { a: sha('text') });
    await f([{ key: 'a', action: 'hash' }], { a: s('') }, { a: s('') });
    await f(
      [{ key: 'a', action: 'hash' }],
      { a: { boolValue: true } },
      { a: sha(Uint8Array.of(1)) },
    );
    await f(
      [{ key: 'a', action: 'hash' }],
      { a: i(258) },
      { a: sha(Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0)) },
    );
    await f(
      [{ key: 'a', action: 'hash' }],
      { a: d(1) },
      { a: sha(Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf0, 0x3f)) },
    );
    await f(
      [{ pattern: 'mail', action: 'hash' }],
      { email: s('x'), b: i(1) },
      { email: sha('x'), b: i(1) },
    );
  });

  it('extracts named groups', async () => {
    const pattern = '^/(?P<area>[a-z]+)/(?P<id>[0-9]+)(?P<rest>/x)?$';
    await f(
      [{ key: 'p', pattern, action: 'extract' }],
      { p: s('/shop/12'), id: i(1) },
      {
        p: s('/shop/12'),
        id: s('12'),
        area: s('shop'),
        rest: s(''),
      },
    );
    await f([{ key: 'p', pattern, action: 'extract' }], { p: s('other') }, { p: s('other') });
    await f([{ key: 'p', pattern, action: 'extract' }], { p: i(1) }, { p: i(1) });
  });

  it('converts types', async () => {
    const to = (converted_type: string) => [{ key: 'a', action: 'convert', converted_type }];
    await f(to('int'), { a: s('-12') }, { a: i(-12) });
    await f(to('int'), { a: s('1.5') }, { a: s('1.5') });
    await f(to('int'), { a: s('9223372036854775808') }, { a: s('9223372036854775808') });
    await f(to('int'), { a: d(-2.9) }, { a: i(-2) });
    await f(to('int'), { a: { boolValue: true } }, { a: i(1) });
    await f(to('double'), { a: s('1e3') }, { a: d(1000) });
    await f(to('double'), { a: s('inf') }, { a: d('Infinity') });
    await f(to('double'), { a: i(3) }, { a: d(3) });
    await f(to('string'), { a: i('9223372036854775807') }, { a: s('9223372036854775807') });
    await f(to('string'), { a: d(0.5) }, { a: s('0.5') });
    await f(to('string'), { a: { bytesValue: 'AQI=' } }, { a: s('AQI=') });
    await f(to('string'), { a: { arrayValue: { values: [i(1), s('x')] } } }, { a: s('[1,"x"]') });
    await f(to('bool'), { a: s('T') }, { a: { boolValue: true } });
    await f(to('bool'), { a: s('yes') }, { a: s('yes') });
  });

  it('applies actions in order, each sees the one before', async () => {
    await f(
      [
        { key: 'b', from_attribute: 'a', action: 'upsert' },
        { key: 'a', action: 'delete' },
        { key: 'a', value: 'again', action: 'insert' },
        { key: 'b', action: 'convert', converted_type: 'int' },
      ],
      { a: s('5') },
      { b: i(5), a: s('again') },
    );
  });

  it('works on logs and metrics', async () => {
    const options = { actions: [{ key: 'a', value: 'v', action: 'upsert' }] };
    for (const signal of ['logs', 'metrics'] as const) {
      const json = await run(signal, options, request(signal, { timeUnixNano: '1' }));
      assert.deepEqual(attributesOf(json), [{ key: 'a', value: s('v') }]);
    }
  });

  it('chooses items by include and exclude', async () => {
    const shop = [{ key: 'service.name', value: s('shop') }];
    const item = { name: 'GET /items', kind: 2, attributes: [{ key: 'code', value: i(200) }] };
    const scope = { name: 'lib', version: '1' };
    const chosen = async (conditions: object): Promise<boolean> => {
      const options = { actions: [{ key: 'hit', value: 1, action: 'insert' }], ...conditions };
      const json = await run('traces', options, request('traces', item, scope, shop));
      return json.includes('"hit"');
    };
    const strict = (match: object) => ({ include: { match_type: 'strict', ...match } });
    const regexp = (match: object) => ({ include: { match_type: 'regexp', ...match } });
    assert.equal(await chosen(strict({ services: ['shop', 'x'] })), true);
    assert.equal(await chosen(strict({ services: ['sho'] })), false);
    assert.equal(await chosen(regexp({ services: ['^sh'] })), true);
    assert.equal(
      await chosen(strict({ span_names: ['GET /items'], span_kinds: ['SPAN_KIND_SERVER'] })),
      true,
    );
    assert.equal(await chosen(strict({ span_names: ['GET /items'], services: ['other'] })), false);
    assert.equal(await chosen(strict({ attributes: [{ key: 'code', value: 200 }] })), true);
    assert.equal(await chosen(strict({ attributes: [{ key: 'code', value: '200' }] })), false);
    assert.equal(await chosen(regexp({ attributes: [{ key: 'code', value: '^2..$' }] })), true);
    assert.equal(await chosen(strict({ attributes: [{ key: 'code' }, { key: 'no' }] })), false);
    assert.equal(
      await chosen(strict({ resources: [{ key: 'service.name', value: 'shop' }] })),
      true,
    );
    assert.equal(await chosen(strict({ libraries: [{ name: 'lib' }] })), true);
    assert.equal(await chosen(strict({ libraries: [{ name: 'lib', version: '2' }] })), false);
    assert.equal(await chosen({ exclude: { match_type: 'strict', services: ['shop'] } }), false);
    assert.equal(
      await chosen({
        ...strict({ services: ['shop'] }),
        exclude: { match_type: 'regexp', span_names: ['POST'] },
      }),
      true,
    );
    const log = { body: s('a body'), severityNumber: 9, severityText: 'INFO' };
    const logHit = async (match: object): Promise<boolean> => {
      const options = { actions: [{ key: 'hit', value: 1, action: 'insert' }], ...strict(match) };
      return (await run('logs', options, request('logs', log))).includes('"hit"');
    };
    assert.equal(await logHit({ log_bodies: ['a body'], log_severity_texts: ['INFO'] }), true);
    assert.equal(await logHit({ log_severity_number: { min: 9 } }), true);
    assert.equal(await logHit({ log_severity_number: { min: 10 } }), false);
  });

  it('refuses conditions of another signal and profiles', () => {
    const options = config.parse({
      actions: [{ key: 'a', action: 'delete' }],
      include: { match_type: 'strict', span_names: ['x'] },
    });
    const make = (signal: Signal) => () =>
      factory.create(signal, testSettings(), options, collectingSink<Signal>());
    assert.throws(make('logs'), /span_names should not be specified for logs/);
    assert.throws(make('profiles'), /attributes in a pipeline of profiles/);
  });

  it('leaves the batch alone when nothing applies', async () => {
    const sink = collectingSink<'traces'>();
    const options = config.parse({ actions: [{ key: 'no', action: 'delete' }] });
    const processor = factory.create('traces', testSettings(), options, sink);
    const batch = parseJson('traces', request('traces', { name: 'x' }));
    await processor.consume(batch.editable(), background);
    assert.equal(sink.batches[0]!.ranges()[0], batch.ranges()[0]);
  });

  it('refuses bad configurations with the place', () => {
    const bad: [object, RegExp][] = [
      [{}, /actions/],
      [{ actions: [] }, /actions/],
      [{ actions: [{ action: 'insert', value: 1 }] }, /key is required/],
      [
        { actions: [{ key: 'a', action: 'insert' }] },
        /value, from_attribute or from_context is required/,
      ],
      [{ actions: [{ key: 'a', action: 'upsert', value: 1, from_attribute: 'b' }] }, /one only/],
      [
        { actions: [{ key: 'a', action: 'insert', value: 1, pattern: 'x' }] },
        /does not use pattern/,
      ],
      [{ actions: [{ key: 'a', action: 'delete', value: 1 }] }, /does not use value/],
      [{ actions: [{ action: 'hash' }] }, /key or pattern is required/],
      [{ actions: [{ key: 'a', action: 'extract' }] }, /pattern is required/],
      [{ actions: [{ key: 'a', action: 'extract', pattern: 'x' }] }, /no named groups/],
      [
        { actions: [{ key: 'a', action: 'extract', pattern: '(?P<x>a)(b)' }] },
        /group without a name/,
      ],
      [{ actions: [{ key: 'a', action: 'extract', pattern: '(?P<x>' }] }, /missing closing \)/],
      [{ actions: [{ key: 'a', action: 'convert' }] }, /converted_type is required/],
      [{ actions: [{ key: 'a', action: 'convert', converted_type: 'float' }] }, /converted_type/],
      [{ actions: [{ key: 'a', action: 'explode' }] }, /action/],
      [{ actions: [{ key: 'a', action: 'delete' }], nope: 1 }, /nope/],
    ];
    for (const [options, message] of bad) {
      const result = config.safeParse(options);
      assert.equal(result.success, false, JSON.stringify(options));
      assert.match(JSON.stringify(result.error?.issues), message);
    }
  });

  it('checks conditions before anything is created', () => {
    const bad: [object, RegExp][] = [
      [{ match_type: 'strict' }, /at least one of "services"/],
      [{ match_type: 'regexp', services: ['('] }, /missing closing \)/],
      [{ match_type: 'glob', services: ['a'] }, /unrecognized match_type: "glob"/],
      [{ services: ['a'] }, /unrecognized match_type/],
      [{ match_type: 'strict', log_severity_number: { min: 1 } }, /log_severity_number/],
      [{ match_type: 'strict', span_kinds: ['x'] }, /span_kinds string must match/],
      [{ match_type: 'regexp', attributes: [{ key: 'a', value: 1 }] }, /only supports Str/],
      [{ match_type: 'strict', attributes: [{ value: 1 }] }, /empty key/],
    ];
    const actions = [{ key: 'a', action: 'delete' }];
    for (const [exclude, message] of bad) {
      assert.throws(() => factory.check!('traces', config.parse({ actions, exclude })), message);
    }
    const keyOnly = config.parse({ actions, include: { attributes: [{ key: 'a' }] } });
    factory.check!('traces', keyOnly);
  });
});
