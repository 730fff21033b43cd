import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJson, toJson } from '../pdata/json.ts';
import { SpanReader } from '../pdata/readers.ts';
import { standardFunctions, statementFunctions } from './functions/standard.ts';
import {
  type CompileOptions,
  compileCondition,
  compileStatement,
  compileValue,
  OttlError,
  OttlRuntimeError,
  Place,
} from './index.ts';

const environment = {
  clock: { unixMs: () => 0 },
  random: { bytes: (length: number) => new Uint8Array(length) },
};
const options: CompileOptions = { functions: standardFunctions(), paths: 'plain', environment };

const request = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      schemaUrl: 'https://schema',
      scopeSpans: [
        {
          scope: { name: 'lib', version: '1' },
          spans: [
            {
              traceId: '0102030405060708090a0b0c0d0e0f10',
              spanId: '0102030405060708',
              traceState: 'a=1,b=2',
              name: 'GET /',
              kind: 2,
              startTimeUnixNano: '1700000000000000000',
              endTimeUnixNano: '1700000000250000000',
              status: { code: 2, message: 'bad' },
              attributes: [
                { key: 'text', value: { stringValue: 'x' } },
                { key: 'int', value: { intValue: '7' } },
                { key: 'big', value: { intValue: '9223372036854775807' } },
                { key: 'double', value: { doubleValue: 7 } },
                { key: 'flag', value: { boolValue: false } },
                { key: 'bytes', value: { bytesValue: 'AQI=' } },
                {
                  key: 'map',
                  value: {
                    kvlistValue: {
                      values: [
                        { key: 'a', value: { stringValue: 'deep' } },
                        { key: 'n', value: { intValue: '1' } },
                      ],
                    },
                  },
                },
                {
                  key: 'list',
                  value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'two' }] } },
                },
              ],
              events: [{ name: 'boom', timeUnixNano: '1700000000100000000' }],
            },
          ],
        },
      ],
    },
  ],
};

function spans() {
  const batch = parseJson('traces', new TextEncoder().encode(JSON.stringify(request))).editable();
  const reader = new SpanReader(batch);
  reader.nextAnyItem();
  return { batch, place: new Place(reader, { address: '', metadata: new Map() }) };
}

describe('conditions on a span', () => {
  const holds = [
    'attributes["text"] == "x"',
    'attributes["int"] == 7',
    'attributes["int"] == 7.0',
    'attributes["double"] == 7',
    'attributes["int"] < 7.5',
    'attributes["big"] == 9223372036854775807',
    'attributes["big"] > 9.2e18',
    'attributes["none"] == nil',
    'attributes["none"]["deeper"] == nil',
    'attributes["flag"] != nil and attributes["flag"] == false',
    'attributes["flag"] < true',
    'attributes["bytes"] == 0x0102',
    'attributes["map"]["a"] == "deep"',
    'attributes["map"] == {"n": 1, "a": "deep"}',
    'attributes["list"][1] == "two"',
    'attributes["text"] != 7',
    'not (attributes["text"] > 7)',
    'name > "GET"',
    'kind == SPAN_KIND_SERVER and kind.string == "Server"',
    'status.code == STATUS_CODE_ERROR',
    'trace_state["b"] == "2"',
    'trace_id == TraceID(0x0102030405060708090a0b0c0d0e0f10)',
    'span_id.string == "0102030405060708"',
    'end_time - start_time == Duration("250ms")',
    'end_time_unix_nano - start_time_unix_nano == 250000000',
    'resource.attributes["service.name"] == "shop"',
    'resource.schema_url == "https://schema"',
    'instrumentation_scope.name == "lib" and scope.version == "1"',
    'events != nil',
    'attributes["int"] * 2 + 1 == 15',
    'attributes["int"] / 2 == 3',
    '1 + 2 * 3 == 7 and (1 + 2) * 3 == 9',
    'true or true and false',
    'not ((true or true) and false)',
    'not false and true',
    'true or attributes["text"] * 2 == 1',
    'IsMatch(name, "^GET") and Len(attributes["list"]) == 2',
    'Concat([name, "a"], "-") == "GET /-a"',
  ];
  for (const text of holds) {
    test(text, () => {
      const { place } = spans();
      assert.equal(compileCondition('traces', 'span', text, options).test(place), true);
      const negated = `not (${text})`;
      assert.equal(compileCondition('traces', 'span', negated, options).test(place), false);
    });
  }
});

test('values of the wrong type fail on the item', () => {
  for (const text of [
    'attributes["text"] * 2 == 1',
    '1 / (attributes["int"] - 7) == 1',
    'attributes["list"][9] == 1',
    'attributes["text"]["a"] == 1',
    'IsMatch(attributes["list"], "[") == true',
    'Substring(attributes["none"], 0, 1) == ""',
  ]) {
    const condition = () => compileCondition('traces', 'span', text, options).test(spans().place);
    assert.throws(condition, (error) => {
      assert.ok(
        error instanceof OttlRuntimeError || error instanceof OttlError,
        `${text}: ${error}`,
      );
      return true;
    });
  }
});

test('texts that mean nothing are refused when compiled', () => {
  for (const [text, reason] of [
    ['nonsense == 1', /nonsense/],
    ['attributes["a"]["b"]. == 1', /invalid syntax/],
    ['Unheard(1) == 1', /undefined function "Unheard"/],
    ['IsMatch(name) == true', /incorrect number of arguments/],
    ['IsMatch(name, "(") == true', /IsMatch/],
    ['kind == SPAN_KIND_OTHER', /SPAN_KIND_OTHER/],
    ['name.string == "a"', /name\.string/],
    ['metric.name == "a"', /metric/],
    ['body == "a"', /body/],
  ] as const) {
    const compile = () => compileCondition('traces', 'span', text, options);
    assert.throws(compile, (error) => {
      assert.ok(error instanceof OttlError);
      assert.match(error.message, reason);
      return true;
    });
  }
});

test('statements write what they say', () => {
  const functions = statementFunctions('span');
  const { batch, place } = spans();
  for (const text of [
    'set(name, "POST /")',
    'set(attributes["new"]["deep"], 1) where attributes["int"] == 7',
    'set(attributes["never"], 1) where attributes["int"] == 8',
    'set(attributes["map"]["a"], ["b", 2, 2.5, true])',
    'delete_key(attributes, "list")',
    'delete_matching_keys(attributes, "^b")',
    'truncate_all(resource.attributes, 2)',
    'replace_pattern(attributes["text"], "(x)", "<$1>")',
    'set(status.message, Concat([status.message, "der"], ""))',
    'set(trace_state["c"], "3")',
    'set(resource.schema_url, "")',
    'set(kind, 5)',
    'set(end_time_unix_nano, start_time_unix_nano)',
    'set(cache["x"], name)',
    'set(attributes["cached"], cache["x"])',
    'set(attributes["text2"], attributes["none"])',
  ]) {
    compileStatement('traces', 'span', text, { ...options, functions }).run(place);
  }
  const [group] = (JSON.parse(toJson(batch)) as typeof request).resourceSpans;
  const span = group!.scopeSpans[0]!.spans[0]! as unknown as Record<string, unknown>;
  assert.deepEqual(group!.resource.attributes, [
    { key: 'service.name', value: { stringValue: 'sh' } },
  ]);
  assert.equal(group!.schemaUrl ?? '', '');
  assert.equal(span.name, 'POST /');
  assert.equal(span.kind, 5);
  assert.equal(span.endTimeUnixNano, '1700000000000000000');
  assert.deepEqual(span.status, { message: 'badder', code: 2 });
  assert.match(String(span.traceState), /c=3/);
  const list = span.attributes as { key: string; value: unknown }[];
  const attributes = Object.fromEntries(list.map(({ key, value }) => [key, value]));
  assert.deepEqual(Object.keys(attributes).sort(), [
    ...['cached', 'double', 'flag', 'int', 'map', 'new', 'text'],
  ]);
  assert.deepEqual(attributes.cached, { stringValue: 'POST /' });
  assert.deepEqual(attributes.text, { stringValue: '<x>' });
  assert.deepEqual(attributes.new, {
    kvlistValue: { values: [{ key: 'deep', value: { intValue: '1' } }] },
  });
  const [first] = (attributes.map as { kvlistValue: { values: { value: unknown }[] } }).kvlistValue
    .values;
  assert.deepEqual(first!.value, {
    arrayValue: {
      values: [{ stringValue: 'b' }, { intValue: '2' }, { doubleValue: 2.5 }, { boolValue: true }],
    },
  });
});

test('statements say what they write', () => {
  const compile = (text: string) =>
    [...compileStatement('traces', 'span', text, options).writes].sort().join();
  assert.equal(compile('set(name, resource.attributes["a"])'), 'span');
  assert.equal(compile('set(resource.attributes["a"], name)'), 'resource');
  assert.equal(compile('merge_maps(scope.attributes, attributes, "insert")'), 'scope');
});

test('values keep their types', () => {
  const { place } = spans();
  const value = (text: string) => compileValue('traces', 'span', text, options).get(place);
  assert.equal(value('attributes["big"]'), 9223372036854775807n);
  assert.equal(value('attributes["double"]'), 7);
  assert.deepEqual(value('attributes["bytes"]'), Uint8Array.of(1, 2));
  assert.deepEqual(value('attributes["list"]'), [1n, 'two']);
  assert.deepEqual(
    value('attributes["map"]'),
    new Map<string, unknown>([
      ['a', 'deep'],
      ['n', 1n],
    ]),
  );
  assert.equal(value('attributes["big"] + 1'), -9223372036854775808n);
});
