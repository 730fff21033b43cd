import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { parseYaml } from '../confmap/parse.ts';
import { decode } from './decode.ts';
import { duration } from './duration.ts';
import { formatIssue } from './issue.ts';
import { zeroedDefaults } from './nulls.ts';
import { secret } from './secret.ts';
import { section, sectionOn } from './section.ts';
import { unusedKeys } from './unused.ts';

const server = z.strictObject({
  endpoint: z.string().default('localhost:1'),
  tls: z.boolean().optional(),
});

const schema = z.strictObject({
  name: z.string().default('x'),
  timeout: duration().prefault('5s'),
  mode: z.enum(['basic', 'normal', 'detailed']).default('basic'),
  size: z.int().min(1).max(10).default(5),
  tags: z.array(z.string()).default(['a']),
  token: secret().optional(),
  grpc: section(server),
  http: sectionOn(server),
  by_name: z.record(z.string(), server).default({}),
  either: z.union([z.string(), z.strictObject({ deep: z.number() })]).optional(),
  actions: z
    .array(
      z.discriminatedUnion('action', [
        z.strictObject({ action: z.literal('insert'), value: z.number() }),
        z.strictObject({ action: z.literal('delete') }),
      ]),
    )
    .default([]),
});

function read(text: string) {
  return decode(parseYaml(text, 'c.yaml'), schema, ['receivers', 'x']);
}

function value(text: string) {
  const decoded = read(text);
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.issues.map(formatIssue).join('\n'));
  return decoded.value;
}

function faults(text: string): string[] {
  const decoded = read(text);
  assert.ok(!decoded.ok, 'it was accepted');
  return decoded.issues.map(formatIssue);
}

const defaults = {
  name: 'x',
  timeout: 5000,
  mode: 'basic',
  size: 5,
  tags: ['a'],
  http: { endpoint: 'localhost:1' },
  by_name: {},
  actions: [],
};

test('null and {} are all defaults', () => {
  for (const text of ['', '{}', '~']) assert.deepEqual({ ...value(text) }, defaults, text);
});

test('a null field is zero where one value with a default is wanted, else as if absent', () => {
  assert.deepEqual({ ...value('tags: ~\nmode:\nby_name:\ntoken:\neither:\nactions:') }, defaults);
  assert.equal(value('name:').name, '');
  assert.equal(value('timeout: null').timeout, 0);
  assert.deepEqual(value('tags: [~, b]').tags, ['', 'b']);
  const zero = decode(parseYaml('size:', 'c.yaml'), schema);
  assert.equal(zero.ok ? '' : zero.issues[0]!.message, 'must be at least 1, got null');
});

test('a fraction is cut off where an integer is wanted', () => {
  assert.equal(value('size: 2.9').size, 2);
  assert.equal(value('timeout: 1500000.9').timeout, 1.5);
  const large = decode(parseYaml('9223372036854775807', 'c.yaml'), z.int());
  assert.deepEqual(large, { ok: true, value: Number.MAX_SAFE_INTEGER });
});

test('sections', () => {
  assert.equal(value('').grpc, undefined);
  assert.deepEqual(value('grpc:').grpc, { endpoint: 'localhost:1' });
  assert.deepEqual(value('grpc: {}').grpc, { endpoint: 'localhost:1' });
  assert.deepEqual(value('grpc: {endpoint: b}').grpc, { endpoint: 'b' });
  assert.deepEqual(value('grpc: {enabled: true}').grpc, { endpoint: 'localhost:1' });
  assert.equal(value('grpc: {enabled: false, endpoint: b}').grpc, undefined);
  assert.equal(value('http: {enabled: false}').http, undefined);
  assert.deepEqual(value('http:').http, { endpoint: 'localhost:1' });
});

test('a text with commas is a list of texts', () => {
  assert.deepEqual(value('tags: "a,b"').tags, ['a', 'b']);
  assert.deepEqual(value('tags: ""').tags, []);
});

const prefix = (line: number, column: number) => `c.yaml:${line}:${column}: receivers::x`;

test('every fault is told, in the order of the file', () => {
  const text = ['size: 11', 'naem: y', 'grpc:', '  endpont: z', '  tls: 1', 'timeout: 5x'].join(
    '\n',
  );
  assert.deepEqual(faults(text), [
    `${prefix(1, 1)}::size: must be at most 10, got 11`,
    `${prefix(2, 1)}: unknown key "naem" (did you mean "name"?)`,
    `${prefix(4, 3)}::grpc: unknown key "endpont" (did you mean "endpoint"?)`,
    `${prefix(5, 3)}::grpc::tls: expected true or false, got 1`,
    `${prefix(6, 1)}::timeout: expected a duration such as "5s", "1m30s" or "200ms", got "5x"`,
  ]);
});

test('one fault', () => {
  const f = (text: string, want: string) => assert.deepEqual(faults(text), [want], text);
  f('5', `${prefix(1, 1)}: expected a map, got 5`);
  f(
    'mode: normel',
    `${prefix(1, 1)}::mode: expected one of "basic", "normal", "detailed", got "normel" (did you mean "normal"?)`,
  );
  f('name: 5', `${prefix(1, 1)}::name: expected a text, got 5`);
  f('tags: [a, 1]', `${prefix(1, 11)}::tags::1: expected a text, got 1`);
  f('by_name: {q: {z: 1}}', `${prefix(1, 15)}::by_name::q: unknown key "z"`);
});

test('unions show the faults of the alternative that was meant', () => {
  assert.deepEqual(faults('either: {deep: x}'), [
    `${prefix(1, 10)}::either::deep: expected a number, got "x"`,
  ]);
  assert.deepEqual(faults('actions: [{action: insert}]'), [
    `${prefix(1, 11)}::actions::0: missing required key "value"`,
  ]);
  assert.deepEqual(faults('actions: [{action: inser}]'), [
    `${prefix(1, 12)}::actions::0::action: expected one of "insert", "delete", got "inser" (did you mean "insert"?)`,
  ]);
});

test('a secret is not quoted', () => {
  const [message] = faults('token: [hunter2]');
  assert.equal(message, `${prefix(1, 1)}::token: expected a text`);
});

test('keys such as __proto__ are keys', () => {
  assert.deepEqual(faults('__proto__: {polluted: 1}'), [
    `${prefix(1, 1)}: unknown key "__proto__"`,
  ]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('a key without a value is told where it means something else than its default', () => {
  const text = 'name:\ntimeout: ~\nmode:\ntags:\nsize: null\ngrpc:\nhttp: {endpoint: }\n';
  const lines = zeroedDefaults(parseYaml(text, 'c.yaml'), schema, ['x']).map(formatIssue);
  const told = 'has no value, which means';
  assert.deepEqual(lines, [
    `c.yaml:1:1: x::name: ${told} "" and not its default "x"`,
    `c.yaml:2:1: x::timeout: ${told} 0 and not its default "5s"`,
    `c.yaml:5:1: x::size: ${told} 0 and not its default 5`,
    `c.yaml:7:8: x::http::endpoint: ${told} "" and not its default "localhost:1"`,
  ]);
});

test('keys that change nothing are told where they say something', () => {
  const unused = 'there is none';
  const schema = z.strictObject({
    a: z.int().default(5).meta({ unused }),
    inside: z.strictObject({ b: z.boolean().default(false).meta({ unused }) }).optional(),
    list: z.array(z.strictObject({ wait: duration().prefault('1s').meta({ unused }) })).default([]),
    used: z.int().default(1),
  });
  const f = (text: string) => unusedKeys(parseYaml(text, 'c.yaml'), schema, ['x']).map(formatIssue);
  assert.deepEqual(f('{a: 5, inside: {b: false}, list: [{wait: 1000ms}], used: 3}'), []);
  assert.deepEqual(f('{a: }'), []);
  assert.deepEqual(f('a: 6\ninside: {b: true}\nlist: [{wait: 2s}]'), [
    'c.yaml:1:1: x::a: changes nothing here: there is none',
    'c.yaml:2:10: x::inside::b: changes nothing here: there is none',
    'c.yaml:3:9: x::list::0::wait: changes nothing here: there is none',
  ]);
});
