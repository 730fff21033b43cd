import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { maskJson } from './database/json.ts';
import { maskMemcached, maskRedis } from './database/redis.ts';
import { maskSql } from './database/sql.ts';
import { factory } from './index.ts';
import { pathCluster } from './url/cluster.ts';

test('literals of SQL', () => {
  const f = (sql: string, want: string) => assert.equal(maskSql(sql, ''), want);
  f("SELECT a FROM t WHERE b = 'x' AND c > 1.5e3", 'SELECT a FROM t WHERE b = ? AND c > ?');
  f('SELECT "col1" FROM t2 -- 5\n', 'SELECT "col?" FROM t? -- 5');
  f('SELECT true, truex, NULL', 'SELECT ?, truex, ?');
  f('SELECT $1, $$a$$, $func$SELECT 1$func$', 'SELECT ?, ?, $func$SELECT ?$func$');
  f("SELECT 'open", 'SELECT ?');
  assert.equal(maskSql('SELECT "x" # 5', 'mysql'), 'SELECT ? # 5');
});

test('no statement is too odd, and no digit outside of comments and open quotes is left', () => {
  const part = fc.constantFrom(
    'SELECT',
    ' ',
    "'",
    '"',
    '5',
    'a1',
    '$',
    '`',
    '--',
    '/*',
    '\n',
    '@',
    '(',
    '.',
    'é',
    '\\',
    '=',
    '?',
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.constantFrom('', 'mysql', 'mssql', 'oracle', 'snowflake'),
      (parts, dialect) => {
        maskSql(parts.join(''), dialect as '');
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b2', '12', ' ', ',', "'3'", '=', ')', '0x1f'), {
        maxLength: 30,
      }),
      (parts) => {
        assert.doesNotMatch(maskSql(parts.join(' '), ''), /[0-9]/);
      },
    ),
  );
});

test('arguments of Redis and memcached commands', () => {
  assert.equal(maskRedis('SET k "a b" EX 5\nHSET h f v g w'), 'SET k ? EX 5\nHSET h f ? g ?');
  assert.equal(maskRedis('AUTH user pw'), 'AUTH ?');
  assert.equal(maskRedis('ZADD z NX 1 a 2 b'), 'ZADD z NX 1 ? 2 ?');
  assert.equal(maskRedis('CONFIG SET p v'), 'CONFIG SET p ?');
  assert.equal(maskMemcached('set k 0 60 5\r\nhello'), 'set k 0 60 5');
});

test('values of JSON', () => {
  assert.equal(maskJson('{"a": [1, {"b": "c"}], "d": null}'), '{"a":["?",{"b":"?"}],"d":"?"}');
  assert.equal(maskJson('{"open'), '{"open');
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (json) => {
      const shape = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(shape);
        if (typeof value !== 'object' || value === null) return '?';
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v)]));
      };
      assert.deepEqual(JSON.parse(maskJson(json)), shape(JSON.parse(json)));
    }),
  );
});

test('ids in paths', () => {
  const cluster = pathCluster();
  const f = (path: string, want: string) => assert.equal(cluster(path), want);
  f('/users/fdklsd/j4elk/23993/job/2', '/users/*/j4elk/*/job/*');
  f('/v1/products/22j?x=1', '/v1/products/*');
  f('/attach?session=1', '/attach');
  f('GET /api/hello.world', 'GET /api/hello.world');
  f('/a/b/c/d/e/f/g/h/i/j', '/a/b/c/d/e/f/g/h/i');
  fc.assert(fc.property(fc.string(), (path) => void cluster(path)));
});

async function redact(given: unknown, batch = oneSpan()): Promise<string> {
  const sink = collectingSink<'traces'>();
  const config = factory.config.parse(given);
  const processor = factory.create('traces', testSettings(), config, sink);
  await processor.consume(batch.editable(), background);
  return toJson(sink.batches[0]!);
}

function oneSpan() {
  const builder = new TracesBuilder();
  builder.resource({ host: 'h' });
  builder.scope('lib');
  builder.span({
    traceId: Buffer.alloc(16, 1),
    spanId: Buffer.alloc(8, 2),
    name: 'n',
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    attributes: { card: 'no 4111', other: 'x' },
  });
  return builder.finish();
}

test('keys are removed, values masked, and the summary says so', async () => {
  const json = await redact({
    allowed_keys: ['card'],
    blocked_values: ['4[0-9]+'],
    summary: 'debug',
  });
  assert.match(json, /"no \*\*\*\*"/);
  assert.doesNotMatch(json, /"other","value"|"host","value"/);
  assert.match(json, /"redaction.redacted.keys","value":\{"stringValue":"other"\}/);
  assert.match(json, /"redaction.masked.count","value":\{"intValue":"1"\}/);
});

test('a second attribute with the same key does not get through unseen', async () => {
  const [bytes] = oneSpan().ranges();
  // the key `other` with its length becomes a second `card`, the value one byte longer
  const from = Buffer.from('\x0a\x05other\x12\x03\x0a\x01x', 'latin1');
  const to = Buffer.from('\x0a\x04card\x12\x04\x0a\x0241', 'latin1');
  assert.equal(from.length, to.length);
  const twice = Buffer.from(bytes!);
  to.copy(twice, twice.indexOf(from));
  const json = await redact(
    { allow_all_keys: true, blocked_values: ['4[0-9]+'] },
    parseRequest('traces', twice),
  );
  assert.doesNotMatch(json, /41/);
});

test('what the next refuses is refused', async () => {
  const sink = collectingSink<'traces'>();
  sink.failures.push(retryable());
  const processor = factory.create('traces', testSettings(), factory.config.parse({}), sink);
  await assert.rejects(processor.consume(oneSpan().editable(), background), /try later/);
});

test('bad configurations are refused with the known texts', () => {
  const bad = (given: unknown, text: RegExp) => {
    const parsed = factory.config.safeParse(given);
    assert.match(parsed.error?.issues.map(({ message }) => message).join('; ') ?? '', text);
  };
  bad({ hash_function: 'crc' }, /unknown HashFunction crc/);
  bad({ hash_function: 'hmac-sha256' }, /hmac_key must not be empty/);
  bad({ hash_function: 'hmac-sha512', hmac_key: 'short' }, /hmac_key must be at least 64 bytes/);
  bad({ allowed: [] }, /allowed/);
  const pattern = factory.config.parse({ blocked_values: ['('] });
  const create = () => factory.create('traces', testSettings(), pattern, collectingSink());
  assert.throws(create, /blocked_values: error parsing regexp/);
});
