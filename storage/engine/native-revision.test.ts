import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { NativeRevision, UnknownTypeError } from './native-revision.ts';
import type { EngineProcess } from './start.ts';
import { ask, sql, tempFolder, testEngine } from './testing/harness.ts';

const home = tempFolder();
let engine: EngineProcess;
let native: Buffer;

// every kind of type, in blocks of several sizes
const columns = `
  number AS a, toString(number) AS b, toFixedString('ab', 4) AS c,
  toLowCardinality(toString(number % 3)) AS d,
  CAST(if(number % 2, NULL, 'x') AS LowCardinality(Nullable(String))) AS e,
  if(number % 3 = 0, NULL, number) AS f,
  range(number % 4) AS g, arrayMap(x -> toLowCardinality(toString(x)), range(number % 3)) AS h,
  map('k', number, toString(number), 2) AS i, (number, 'x', [1.5]) AS j,
  CAST((1, 'y'), 'Tuple(n UInt8, \`odd name\` String)') AS k, toDateTime64(number, 9, 'UTC') AS l,
  toDecimal128(1, 5) AS m, generateUUIDv4() AS n, toIPv6('::1') AS o, [[number], []] AS p,
  CAST('a', 'Enum8(\\'a\\' = 1, \\'b)\\' = 2)') AS q, true AS r, INTERVAL 1 DAY AS s, toDate32('2020-01-01') AS t,
  CAST([(1, 'z')], 'Nested(x UInt8, y String)') AS u, toDecimal32(1, 2) AS v, [] AS w`;

before(async () => {
  engine = await testEngine(`${home.path}/data`);
  const body = `SELECT ${columns} FROM numbers(1000) SETTINGS max_block_size = 300 FORMAT Native`;
  const reply = await ask(engine, { body });
  assert.equal(reply.status, 200, reply.text);
  native = reply.body;
});

after(async () => {
  await engine.stop();
  home.remove();
});

function rewrite(data: Uint8Array, revision: number, step: number): Buffer {
  const stream = new NativeRevision(revision);
  const out: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += step) {
    out.push(...stream.push(data.subarray(at, at + step)).map((piece) => Uint8Array.from(piece)));
  }
  out.push(...stream.end());
  return Buffer.concat(out);
}

test('every type is walked to its end, at any cut of the input', () => {
  const whole = rewrite(native, 54460, native.length);
  const blocks = 4;
  assert.equal(whole.length, native.length + blocks * (8 + 23));
  assert.deepEqual(rewrite(native, 1, native.length), native);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (step) => {
      assert.ok(rewrite(native, 54460, step).equals(whole));
    }),
    { numRuns: 30 },
  );
});

test('an unknown type is an error that names it, over HTTP with status 501', async () => {
  const json = await ask(engine, { body: `SELECT '{"a":1}'::JSON AS j FORMAT Native` });
  assert.throws(() => rewrite(json.body, 54460, 100), UnknownTypeError);
  const reply = await ask(engine, {
    path: '/?client_protocol_version=54460',
    body: `SELECT '{"a":1}'::JSON AS j FORMAT Native`,
  });
  assert.equal(reply.status, 501);
  assert.match(reply.text, /^Code: 48\..*revision 54460: type JSON/);
  assert.equal(await sql(engine, 'SELECT 1'), '1\n');
});
