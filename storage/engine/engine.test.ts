import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { cityHash128Into } from '../../wire/clickhouse-compress/cityhash.ts';
import { compressFrame, FrameReader } from '../../wire/clickhouse-compress/frame.ts';
import type { EngineProcess } from './start.ts';
import { ask, sql, tempFolder, testEngine } from './testing/harness.ts';

const home = tempFolder();
const data = join(home.path, 'data');
let engine: EngineProcess;

before(async () => {
  engine = await testEngine(data);
});

after(async () => {
  await engine.stop();
  home.remove();
});

const inserts = (table: string, format: string) =>
  `/?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT ${format}`)}`;

test('ping, index and unknown paths', async () => {
  for (const path of ['/ping', '/', '/replicas_status']) {
    const reply = await ask(engine, { path, method: 'GET' });
    assert.deepEqual([reply.status, reply.text], [200, 'Ok.\n'], path);
  }
  assert.equal((await ask(engine, { path: '/nope', method: 'GET' })).status, 404);
  assert.equal((await ask(engine, { method: 'PUT', body: 'x' })).status, 405);
});

test('credentials: headers, Basic, URL; wrong ones are refused', async () => {
  const none = { 'X-ClickHouse-User': '', 'X-ClickHouse-Key': '' };
  const wrong = await ask(engine, { body: 'SELECT 1', headers: none });
  assert.equal(wrong.status, 401);
  assert.equal(wrong.headers['x-clickhouse-exception-code'], '516');
  const args = ['-sS', '-d', 'SELECT 1'];
  const curl = (...more: string[]) => execFileSync('curl', [...args, ...more]).toString();
  assert.equal(curl('-u', 'default:test-password', engine.url), '1\n');
  assert.equal(curl(`${engine.url}/?user=default&password=test-password`), '1\n');
  assert.match(curl('-u', 'default:nope', engine.url), /AUTHENTICATION_FAILED/);
  assert.match(curl('-u', 'root:test-password', engine.url), /AUTHENTICATION_FAILED/);
});

test('a foreign Host header is refused', async () => {
  const reply = await ask(engine, { body: 'SELECT 1', headers: { Host: 'evil.example:8123' } });
  assert.equal(reply.status, 403);
  const own = await ask(engine, { body: 'SELECT 1', headers: { Host: 'localhost:1' } });
  assert.equal(own.status, 200);
});

test('the unix socket serves the same, for this user only', async () => {
  const socketPath = engine.socketPath!;
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  const reply = await ask(engine, { socketPath, body: 'SELECT 1 + 1' });
  assert.equal(reply.text, '2\n');
});

test('formats, headers and statuses', async () => {
  const json = await ask(engine, { body: 'SELECT 1 AS a FORMAT JSONEachRow' });
  assert.equal(json.text, '{"a":1}\n');
  assert.equal(json.headers['x-clickhouse-format'], 'JSONEachRow');
  const byDefault = await ask(engine, {
    path: '/?default_format=JSONCompactEachRow&query_id=some-id',
    body: 'SELECT 1, 2',
  });
  assert.equal(byDefault.text, '[1, 2]\n');
  assert.equal(byDefault.headers['x-clickhouse-query-id'], 'some-id');
  const header = await ask(engine, {
    body: 'SHOW DATABASES',
    headers: { 'X-ClickHouse-Format': 'CSV' },
  });
  assert.match(header.text, /"default"\n/);
  for (const [body, status, code] of [
    ['SELEC 1', 400, '62'],
    ['SELECT * FROM nope', 404, '60'],
    ['SELECT nope', 404, '47'],
    ['SELECT throwIf(number = 2) FROM numbers(3)', 500, '395'],
    ['SELECT 1 FORMAT Nope', 400, '73'],
    ['SELECT 1 AS a FORMAT AvroConfluent', 400, '36'],
    ['SELECT 1 AS a FORMAT DWARF', 500, '399'],
    ['SELECT 1 AS a FORMAT Form', 500, '399'],
    ['SELECT 1 AS a FORMAT Template', 500, '474'],
    ["SELECT 'open", 400, '62'],
    ['SELECT {x:UInt8}', 400, '456'],
    ['', 400, '62'],
  ] as const) {
    const reply = await ask(engine, { body });
    assert.deepEqual(
      [reply.status, reply.headers['x-clickhouse-exception-code']],
      [status, code],
      body,
    );
    assert.match(reply.text, /^Code: \d+\. DB::Exception: /);
  }
  assert.equal(await sql(engine, 'SELECT 1 FORMAT Null'), '');
  assert.equal(await sql(engine, 'SELECT 1 FORMAT Values'), '(1)');
  const unknown = await ask(engine, { path: '/?max_thread=1', body: 'SELECT 1' });
  assert.deepEqual([unknown.status, unknown.text.slice(0, 10)], [404, 'Code: 115.']);
});

test('GET only reads', async () => {
  const get = (text: string) =>
    ask(engine, { method: 'GET', path: `/?query=${encodeURIComponent(text)}` });
  assert.equal((await get('SELECT 7')).text, '7\n');
  assert.equal((await get('SHOW DATABASES')).status, 200);
  assert.match((await get('CREATE TABLE g (a UInt8) ENGINE = Memory')).text, /^Code: 164\./);
});

test('settings and databases of one request do not leak into the next', async () => {
  await sql(engine, 'CREATE DATABASE other');
  const query = "SELECT getSetting('max_block_size'), currentDatabase()";
  const [before] = [await sql(engine, query)];
  for (let i = 0; i < 6; i++) {
    const set = await ask(engine, { path: '/?max_block_size=77&database=other', body: query });
    assert.equal(set.text, '77\tother\n');
  }
  for (let i = 0; i < 6; i++) assert.equal(await sql(engine, query), before);
  const memory = await sql(engine, "SELECT getSetting('max_memory_usage')");
  await ask(engine, { path: '/?max_memory_usage=100000000', body: query });
  for (let i = 0; i < 6; i++) {
    assert.equal(await sql(engine, "SELECT getSetting('max_memory_usage')"), memory);
  }
});

test('session_id keeps USE and SET', async () => {
  await sql(engine, 'CREATE DATABASE IF NOT EXISTS kept');
  const at = '/?session_id=s1';
  await ask(engine, { path: at, body: 'USE kept' });
  await ask(engine, { path: at, body: 'SET max_block_size = 123' });
  const text = "SELECT getSetting('max_block_size'), currentDatabase()";
  assert.equal((await ask(engine, { path: at, body: text })).text, '123\tkept\n');
  assert.notEqual(await sql(engine, text), '123\tkept\n');
});

test('INSERT: VALUES, data after FORMAT, data in the body, half in the URL', async () => {
  await sql(engine, 'CREATE TABLE ins (a UInt64, b String) ENGINE = MergeTree ORDER BY a');
  await sql(engine, "INSERT INTO ins VALUES (1, 'a;b'), (2, 'it''s')");
  await sql(engine, 'INSERT INTO ins FORMAT TSV\n3\tx\n4\tgrün\n');
  const done = await ask(engine, {
    path: inserts('ins', 'JSONEachRow'),
    body: '{"a":5,"b":"ü"}\n',
  });
  assert.equal(JSON.parse(String(done.headers['x-clickhouse-summary'])).written_rows, '1');
  const half = `/?query=${encodeURIComponent('INSERT INTO ins VALUES (6,')}`;
  await ask(engine, { path: half, body: " 'half')" });
  assert.equal(
    await sql(engine, 'SELECT * FROM ins ORDER BY a FORMAT TSV'),
    "1\ta;b\n2\tit\\'s\n3\tx\n4\tgrün\n5\tü\n6\thalf\n",
  );
  const empty = await ask(engine, { path: inserts('ins', 'TSV'), body: '' });
  assert.equal(empty.status, 200);
});

test('compressed bodies and answers: gzip, zstd, ClickHouse blocks', async () => {
  await sql(engine, 'CREATE TABLE zip (a UInt64, s String) ENGINE = MergeTree ORDER BY a');
  const rows = Buffer.from('1\tsome text\n2\tmore text\n');
  const path = inserts('zip', 'TSV');
  for (const [encoding, body] of [
    ['gzip', gzipSync(rows)],
    ['zstd', zstdCompressSync(rows)],
  ] as const) {
    const reply = await ask(engine, { path, body, headers: { 'Content-Encoding': encoding } });
    assert.equal(reply.status, 200, reply.text);
  }
  const frames = compressFrame(rows, cityHash128Into);
  const framed = await ask(engine, { path: `${path}&decompress=1`, body: frames });
  assert.equal(framed.status, 200, framed.text);
  assert.equal(await sql(engine, 'SELECT count(), sum(a) FROM zip'), '6\t9\n');

  const text = 'SELECT number FROM numbers(300000)';
  const plain = (await ask(engine, { body: text })).body;
  const answer = async (encoding: string) => {
    const headers = { 'Accept-Encoding': encoding };
    const reply = await ask(engine, { path: '/?enable_http_compression=1', body: text, headers });
    assert.equal(reply.headers['content-encoding'], encoding);
    return reply.body;
  };
  assert.deepEqual(gunzipSync(await answer('gzip')), plain);
  assert.deepEqual(zstdDecompressSync(await answer('zstd')), plain);
  const blocks = await ask(engine, { path: '/?compress=1', body: text });
  const reader = new FrameReader(cityHash128Into, 1 << 26);
  assert.deepEqual(Buffer.concat(reader.push(blocks.body)), plain);
  reader.end();

  const headers = { 'Content-Encoding': 'gzip' };
  const cut = await ask(engine, { path, body: gzipSync(rows).subarray(0, 20), headers });
  assert.deepEqual([cut.status, cut.text.slice(0, 10)], [400, 'Code: 271.']);
  frames[30]! ^= 1;
  const spoiled = await ask(engine, { path: `${path}&decompress=1`, body: frames });
  assert.match(spoiled.text, /^Code: 271\..*checksum does not match/);
  const odd = await ask(engine, { path, body: 'x', headers: { 'Content-Encoding': 'br2' } });
  assert.equal(odd.status, 501);
  assert.equal(await sql(engine, 'SELECT count() FROM zip'), '6\n');
});

test('binary Native in and out', async () => {
  await sql(engine, 'CREATE TABLE nat (a UInt64, s String) ENGINE = MergeTree ORDER BY a');
  const out = await ask(engine, {
    body: 'SELECT number AS a, toString(number) AS s FROM numbers(70000) FORMAT Native',
  });
  const reply = await ask(engine, { path: inserts('nat', 'Native'), body: out.body });
  assert.equal(reply.status, 200, reply.text);
  assert.equal(await sql(engine, 'SELECT count(), sum(a) FROM nat'), '70000\t2449965000\n');
  const cut = await ask(engine, {
    path: inserts('nat', 'Native'),
    body: out.body.subarray(0, 5000),
  });
  assert.notEqual(cut.status, 200);
  assert.equal(await sql(engine, 'SELECT count() FROM nat'), '70000\n');
});

test('a client that breaks off in the middle of a body stores nothing', async () => {
  await sql(engine, 'CREATE TABLE broken (a UInt64) ENGINE = MergeTree ORDER BY a');
  const { hostname, port } = new URL(engine.url);
  const socket = connect(Number(port), hostname);
  const login = Buffer.from(`default:${engine.password}`).toString('base64');
  socket.write(
    `POST ${inserts('broken', 'TSV')}&query_id=cut HTTP/1.1\r\nHost: localhost\r\n` +
      `Authorization: Basic ${login}\r\nContent-Length: 100\r\n\r\n1\n2\n3\n`,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await engine.endQuery('cut');
  assert.equal(await sql(engine, 'SELECT count() FROM broken'), '0\n');
  const scratch = readdirSync(data).filter((name) => name.startsWith('tmp-'));
  const files = scratch.flatMap((name) => readdirSync(join(data, name)));
  const left = files.filter((name) => name.startsWith('body-'));
  assert.deepEqual(left, []);
});

test('@clickhouse/client: insert, stream, parameters, errors', async () => {
  const { url, username, password } = engine;
  const compression = { request: true, response: true };
  const client = createClient({ url, username, password, compression });
  try {
    assert.equal((await client.ping()).success, true);
    await client.command({
      query: 'CREATE TABLE cli (a UInt64, s String, t DateTime64(9)) ENGINE = MergeTree ORDER BY a',
    });
    const t = '2026-01-02 03:04:05.123456789';
    const values = Array.from({ length: 1000 }, (_, a) => ({ a, s: `s${a}`, t }));
    await client.insert({ table: 'cli', values, format: 'JSONEachRow' });
    const found = await client.query({
      query: 'SELECT * FROM cli WHERE s = {s:String} AND a IN {l:Array(UInt64)}',
      query_params: { s: 's7', l: [1, 7] },
      format: 'JSONEachRow',
    });
    assert.deepEqual(await found.json(), [{ a: 7, s: 's7', t }]);
    const odd = "tab\t quote ' back\\ line\n end";
    const echo = await client.query({
      query: 'SELECT {x:String} AS x',
      query_params: { x: odd },
      format: 'JSONEachRow',
    });
    assert.deepEqual(await echo.json(), [{ x: odd }]);
    const big = await client.query({
      query: 'SELECT number FROM numbers(500000)',
      format: 'JSONEachRow',
    });
    let rows = 0;
    for await (const chunk of big.stream()) rows += chunk.length;
    assert.equal(rows, 500_000);
    await assert.rejects(client.query({ query: 'SELECT nope' }), { code: '47' });
  } finally {
    await client.close();
  }
});

test('Native at a revision has block info and a byte after each type', async () => {
  const reply = await ask(engine, {
    path: '/?default_format=Native&client_protocol_version=54460',
    body: "SELECT toUInt8(7) AS a, ['x', 'yy'] AS b",
  });
  const expected = Buffer.concat([
    Buffer.from([1, 0, 2, 255, 255, 255, 255, 0, 2, 1]),
    Buffer.from('\x01a\x05UInt8\x00\x07', 'latin1'),
    Buffer.from('\x01b\x0dArray(String)\x00', 'latin1'),
    Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from('\x01x\x02yy', 'latin1'),
  ]);
  assert.deepEqual(reply.body, expected);
});

test('a long query does not keep inserts waiting, and KILL QUERY ends it', async () => {
  await sql(engine, 'CREATE TABLE busy (a UInt64) ENGINE = MergeTree ORDER BY a');
  let ended = false;
  const long = ask(engine, {
    path: '/?query_id=long',
    body: 'SELECT max(sipHash64(number)) FROM numbers(1000000000000)',
  }).finally(() => {
    ended = true;
  });
  for (let i = 0; i < 5; i++) await sql(engine, `INSERT INTO busy VALUES (${i})`);
  assert.equal(await sql(engine, 'SELECT count() FROM busy'), '5\n');
  const twice = await ask(engine, { path: '/?query_id=long', body: 'SELECT 1' });
  assert.match(twice.text, /^Code: 216\./);
  assert.equal(ended, false);
  const killed = await ask(engine, { body: "KILL QUERY WHERE query_id = 'long' SYNC" });
  assert.deepEqual([killed.status, killed.text], [200, 'finished\tlong\tdefault\t\n']);
  assert.match((await long).text, /^Code: 394\./);
  const late = await ask(engine, { path: '/?query_id=long', body: 'SELECT 1' });
  assert.equal(late.text, '1\n', 'the id is free again');
});

test('a client that goes away ends its query', async () => {
  const { hostname, port } = new URL(engine.url);
  const socket = connect(Number(port), hostname);
  const login = Buffer.from(`default:${engine.password}`).toString('base64');
  const text = 'SELECT number FROM numbers(1000000000000)';
  socket.write(
    'POST /?query_id=gone HTTP/1.1\r\nHost: localhost\r\n' +
      `Authorization: Basic ${login}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  const running =
    "SELECT count() FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%processes%'";
  for (let i = 0; i < 2000 && (await sql(engine, running)) !== '0\n'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await sql(engine, running), '0\n');
});

test('merges and TTL run by themselves', async () => {
  await sql(
    engine,
    'CREATE TABLE old (a UInt64, t DateTime) ENGINE = MergeTree ORDER BY a TTL t + INTERVAL 1 SECOND SETTINGS merge_with_ttl_timeout = 0',
  );
  await sql(engine, 'CREATE TABLE parts (a UInt64) ENGINE = MergeTree ORDER BY a');
  await sql(engine, "INSERT INTO old SELECT number, '2020-01-01 00:00:00' FROM numbers(10)");
  for (let i = 0; i < 20; i++) await sql(engine, `INSERT INTO parts VALUES (${i})`);
  const state = async () =>
    sql(
      engine,
      "SELECT (SELECT count() FROM old), (SELECT count() FROM system.parts WHERE table = 'parts' AND active) < 20",
    );
  for (let i = 0; i < 2000 && (await state()) !== '0\t1\n'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await state(), '0\t1\n');
});

test('kill -9: started again at the same address, everything confirmed is there', async () => {
  await sql(engine, 'CREATE TABLE kept.crash (a UInt64) ENGINE = MergeTree ORDER BY a');
  await sql(engine, 'CREATE TABLE crash (a UInt64) ENGINE = MergeTree ORDER BY a');
  for (let i = 0; i < 20; i++) await sql(engine, `INSERT INTO crash VALUES (${i})`);
  const { url, pid } = engine;
  const lost = ask(engine, {
    path: '/?query_id=lost',
    body: 'SELECT max(sipHash64(number)) FROM numbers(1000000000000)',
  }).catch((error: Error) => error);
  process.kill(pid!, 'SIGKILL');
  assert.ok((await lost) instanceof Error);
  await engine.endQuery('lost');
  assert.notEqual(engine.pid, pid);
  assert.equal(engine.url, url);
  assert.equal(await sql(engine, 'SELECT count(), sum(a) FROM crash'), '20\t190\n');
  assert.equal(await sql(engine, 'SELECT count() FROM kept.crash'), '0\n');
  const overlay = await ask(engine, { body: 'SELECT * FROM default.`/etc/hostname`' });
  assert.equal(overlay.status, 404, 'default is an ordinary database on later starts too');
});

test('a second process on the same folder is refused', async () => {
  await assert.rejects(testEngine(data), /cannot start the engine/);
  assert.equal(
    (await ask(engine, { socketPath: engine.socketPath!, body: 'SELECT 2' })).text,
    '2\n',
  );
  assert.equal(await sql(engine, 'SELECT 1'), '1\n');
});

test('curl: gzip both ways', (t) => {
  if (spawnSync('curl', ['--version']).status !== 0) return t.skip('curl is not installed');
  const url = `${engine.url}/?enable_http_compression=1`;
  const auth = ['-sS', '-u', 'default:test-password'];
  const out = execFileSync('curl', [...auth, '--compressed', url, '-d', 'SELECT 42']);
  assert.equal(out.toString(), '42\n');
  const input = gzipSync('SELECT 43');
  const gz = execFileSync(
    'curl',
    [...auth, url, '-H', 'Content-Encoding: gzip', '--data-binary', '@-'],
    { input },
  );
  assert.equal(gz.toString(), '43\n');
});

test('expressions in VALUES run only what a statement may run', async () => {
  await sql(engine, 'CREATE TABLE vals (a String) ENGINE = MergeTree ORDER BY a');
  const file = join(data, 'clickhouse/metadata/default.sql');
  const calls = [
    `(file('${file}'))`,
    `(FILE/* */('${file}'))`,
    `(\`file\`('${file}'))`,
    `((SELECT file('${file}')))`,
    `((SELECT * FROM file('${file}', 'LineAsString')))`,
    `(concat(file('${file}'), 'x'))`,
  ];
  for (const call of calls) {
    for (const statement of [
      `INSERT INTO vals VALUES ${call}`,
      `INSERT INTO vals FORMAT Values ${call}`,
      `SELECT * FROM format(Values, 'a String', $v$${call}$v$)`,
      `SELECT * FROM format(Values, $v$${call}$v$)`,
      `INSERT INTO vals SELECT * FROM format(Values, 'a String', $v$${call}$v$)`,
      `DESCRIBE TABLE format(Values, $v$${call}$v$)`,
    ]) {
      const reply = await ask(engine, { body: statement });
      assert.notEqual(reply.status, 200, `${statement}: ${reply.text}`);
      assert.doesNotMatch(reply.text, /ATTACH DATABASE/, statement);
    }
    const path = `/?query=${encodeURIComponent('INSERT INTO vals VALUES')}`;
    assert.notEqual((await ask(engine, { path, body: call })).status, 200, call);
  }
  const name = 'input_format_values_interpret_expressions';
  assert.equal((await ask(engine, { path: `/?${name}=1`, body: 'SELECT 1' })).status, 403);
  assert.equal(await sql(engine, 'SELECT count() FROM vals'), '0\n');
  await sql(engine, "INSERT INTO vals VALUES (upper('a')), (concat('b', toString(1 + 1)))");
  await sql(engine, "INSERT INTO vals VALUES ('c'), ('file(1)')");
  assert.equal(await sql(engine, 'SELECT a FROM vals ORDER BY a'), 'A\nb2\nc\nfile(1)\n');
});

test('a target that is no URL is a bad request', async () => {
  assert.equal((await ask(engine, { path: '//', method: 'GET' })).status, 400);
});
