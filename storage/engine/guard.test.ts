import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { confineProgram } from '../../native/index.ts';
import { settingAllowed } from './allowed-settings.ts';
import { confinedCommand } from './confinement.ts';
import type { EngineProcess } from './start.ts';
import { attacks, writesInside } from './testing/attacks.ts';
import { ask, makeTarget, secretText, sql, tempFolder, testEngine } from './testing/harness.ts';

const home = tempFolder();
const data = join(home.path, 'data');
let engine: EngineProcess;
let target: Awaited<ReturnType<typeof makeTarget>>;

before(async () => {
  engine = await testEngine(data);
  target = await makeTarget(data);
  await sql(engine, 'CREATE TABLE own (a UInt64) ENGINE = MergeTree ORDER BY a');
});

after(async () => {
  await engine.stop();
  target.close();
  home.remove();
});

/** What SQL wrote into the folder of the engine. */
function stolen(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('stolen'));
}

test('statements that reach outside are refused and touch nothing', async () => {
  for (const statement of attacks(target)) {
    const reply = await ask(engine, { body: statement });
    assert.notEqual(reply.status, 200, `${statement}\n${reply.text}`);
    assert.ok(!reply.text.includes(secretText), `${statement}\n${reply.text}`);
    assert.deepEqual(readdirSync(target.folder), ['secret.csv'], statement);
    assert.deepEqual(stolen(data), [], statement);
    assert.equal(target.hits(), 0, statement);
  }
  assert.equal(await sql(engine, 'SELECT count() FROM own'), '0\n');
});

test('the same statements as ?query= and as the head of an INSERT', async () => {
  for (const statement of attacks(target)) {
    const path = `/?query=${encodeURIComponent(statement)}`;
    const reply = await ask(engine, { path, body: '1\n' });
    assert.notEqual(reply.status, 200, `${statement}\n${reply.text}`);
    assert.ok(!reply.text.includes(secretText), statement);
  }
  assert.deepEqual(readdirSync(target.folder), ['secret.csv']);
  assert.deepEqual(stolen(data), []);
  assert.equal(target.hits(), 0);
});

test('without the guard, the attacks below the folder of the engine do write there', async () => {
  const path = join(home.path, 'unguarded');
  mkdirSync(path);
  const statements = writesInside({ inside: path });
  for (const [ok, text] of await direct(path, statements)) assert.equal(ok, true, text);
  assert.equal(stolen(path).length, statements.filter((text) => /stolen/.test(text)).length);
});

test('settings that open a way are refused in the URL', async () => {
  for (const name of [
    'format_schema=x.proto',
    'format_template_row=x',
    'additional_result_filter=1',
    's3_max_connections=1',
    'storage_file_read_method=mmap',
    'allow_introspection_functions=1',
    'FORMAT_SCHEMA=x',
    'output_format_schema=x',
    'input_format_record_errors_file_path=x',
    'dialect=kusto',
    'implicit_select=1',
    'max_untracked_memory=1',
    'disk=x',
    'compatibility=22.1',
  ]) {
    const reply = await ask(engine, { path: `/?${name}`, body: 'SELECT 1' });
    assert.equal(reply.status, 403, name);
  }
});

test('settings that clients use pass; only those that exist', async () => {
  for (const name of [
    'max_threads=1',
    'join_algorithm=hash',
    'output_format_json_quote_64bit_integers=1',
    'date_time_input_format=best_effort',
    'session_timezone=Europe/Berlin',
    'insert_deduplication_token=x',
    'log_comment=x',
    'format_csv_delimiter=%7C',
    'async_insert=1',
    'union_default_mode=ALL',
  ]) {
    const reply = await ask(engine, { path: `/?${name}`, body: 'SELECT 1 FORMAT TSV' });
    assert.deepEqual([reply.status, reply.text], [200, '1\n'], name);
    const text = name.replace('=', " = '").replace('%7C', '|');
    const inText = await ask(engine, { body: `SELECT 1 SETTINGS ${text}' FORMAT TSV` });
    assert.deepEqual([inText.status, inText.text], [200, '1\n'], name);
  }
  for (const statement of ['SELECT 1 SETTINGS max_thread = 1', 'SET no_such = 1']) {
    const reply = await ask(engine, { body: statement });
    assert.deepEqual([reply.status, reply.text.slice(0, 10)], [404, 'Code: 115.'], statement);
  }
});

test('a new version of the engine: types of settings that nobody judged', async () => {
  const known = await sql(
    engine,
    'SELECT DISTINCT type FROM (SELECT type FROM system.settings UNION ALL SELECT type FROM system.merge_tree_settings) ORDER BY type FORMAT TSV',
  );
  const refused = known
    .trim()
    .split('\n')
    .filter((type) => !settingAllowed('some_setting', type));
  assert.deepEqual(refused, refusedTypes);
});

test('columns named as settings may be changed', async () => {
  await sql(engine, 'CREATE TABLE named (a UInt8, url_path String, disk String) ENGINE = Memory');
  await sql(engine, "INSERT INTO named VALUES (1, 'a', 'b')");
  const update =
    "ALTER TABLE named UPDATE url_path = 'x', disk = 'y' WHERE 1 SETTINGS mutations_sync = 2";
  for (const statement of [
    update,
    "SELECT count() AS settings, disk = 'y' FROM named WHERE url_path = 'x' GROUP BY disk",
    "SELECT 1 SETTINGS max_threads = 1 UNION ALL SELECT disk = 'y' FROM named",
  ]) {
    const reply = await ask(engine, { body: statement });
    assert.equal(reply.status, 200, `${statement}\n${reply.text}`);
  }
  const light = await ask(engine, { body: "UPDATE named SET url_path = 'x' WHERE 1" });
  assert.notEqual(light.status, 403, light.text);
  const hidden = await ask(engine, {
    body: "UPDATE named SET url_path = 'x' WHERE 1 SETTINGS format_schema = 'x'",
  });
  assert.equal(hidden.status, 403, hidden.text);
});

test('temporary tables and views are refused: the next client would see them', async () => {
  for (const statement of [
    'CREATE TEMPORARY TABLE own (a UInt8)',
    'create/**/temporary table if not exists own (a UInt8) ENGINE = Memory',
    'CREATE OR REPLACE TEMPORARY TABLE own (a UInt8) ENGINE = Memory',
    'REPLACE TEMPORARY TABLE own (a UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE own ENGINE = Memory AS SELECT 1 AS a',
    'CREATE TEMPORARY VIEW own AS SELECT 1 AS a',
  ]) {
    for (const path of ['/', '/?session_id=temp']) {
      const reply = await ask(engine, { path, body: statement });
      assert.deepEqual([reply.status, reply.text.slice(0, 9)], [501, 'Code: 48.'], statement);
    }
  }
});

test('ordinary statements pass', async () => {
  for (const statement of [
    'CREATE DATABASE IF NOT EXISTS d1',
    'CREATE TABLE d1.a (a UInt64, s String, disk String) ENGINE = MergeTree ORDER BY a',
    'CREATE TABLE d1.r (a UInt64) ENGINE = ReplacingMergeTree ORDER BY a TTL toDateTime(a) + INTERVAL 3 DAY SETTINGS ttl_only_drop_parts = 1',
    'CREATE MATERIALIZED VIEW d1.mv TO d1.r AS SELECT a FROM d1.a',
    'CREATE VIEW d1.v AS SELECT s, count() FROM d1.a GROUP BY s',
    "INSERT INTO d1.a VALUES (1, 'x', 'y;'), (2, 'file(''x'')', 'INTO OUTFILE')",
    'INSERT INTO d1.a SELECT number, toString(number), toString(number) FROM numbers(10)',
    "SELECT * FROM d1.a WHERE disk = 'y;' AND s != 'SELECT * FROM file(1)' -- file(1)",
    'SELECT a, s FROM d1.v LIMIT 1 SETTINGS max_threads = 1'.replace('a, ', ''),
    'ALTER TABLE d1.a ADD COLUMN x UInt8 DEFAULT 1, MODIFY TTL toDateTime(a) + INTERVAL 100 YEAR',
    'ALTER TABLE d1.a DELETE WHERE a = 5 SETTINGS mutations_sync = 2',
    'OPTIMIZE TABLE d1.a FINAL',
    "CREATE DICTIONARY d1.x (a UInt64, s String) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 'a' DB 'd1')) LAYOUT(FLAT()) LIFETIME(0)",
    "CREATE DICTIONARY d1.q (a UInt64, s String) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT a, s FROM d1.a')) LAYOUT(HASHED()) LIFETIME(MIN 0 MAX 10)",
    "SELECT dictGet('d1.x', 's', toUInt64(1)), dictGet('d1.q', 's', toUInt64(1))",
    'SHOW TABLES FROM d1',
    'SHOW CREATE TABLE d1.a',
    'DESCRIBE TABLE d1.a',
    'EXISTS TABLE d1.a',
    'EXPLAIN SELECT * FROM d1.a',
    'RENAME TABLE d1.r TO d1.r2',
    'EXCHANGE TABLES d1.r2 AND d1.a',
    'TRUNCATE TABLE d1.r2',
    'SYSTEM STOP MERGES d1.a',
    'SYSTEM START MERGES d1.a',
    'USE d1',
    'SET max_threads = 1',
    'DROP DATABASE d1',
  ]) {
    const reply = await ask(engine, { body: statement });
    assert.equal(reply.status, 200, `${statement}\n${reply.text}`);
  }
});

/** Runs statements in a confined process with no guard. */
function direct(path: string, statements: readonly string[]): Promise<[boolean, string][]> {
  const entry = fileURLToPath(new URL('./testing/direct.ts', import.meta.url));
  const { command, args } = confinedCommand(path, -1, entry);
  const child = spawn(command, args, {
    cwd: path,
    env: { HOME: path, OPENSSL_CONF: '/dev/null' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdin.end(JSON.stringify({ path: join(path, 'clickhouse'), statements }));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      const line = out.split('\n').find((text) => text.startsWith('@answers '));
      if (line === undefined) reject(new Error(`process ended with ${code}: ${errors}${out}`));
      else resolve(JSON.parse(line.slice(9)));
    });
  });
}

test('without the guard, the confinement alone stops files and hosts', async (t) => {
  const confine = confineProgram();
  if (confine.path === undefined) return t.skip(confine.why);
  const path = join(home.path, 'direct');
  mkdirSync(path);
  const { folder, url } = target;
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  const answers = await direct(path, [
    'SELECT 1',
    `SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `SELECT file('${file}')`,
    `SELECT * FROM default.\`${file}\``,
    `SELECT * FROM file('/etc/passwd', 'LineAsString')`,
    `SELECT 1 INTO OUTFILE '${folder}/out.csv'`,
    `INSERT INTO FUNCTION file('${folder}/out.csv', 'CSV', 'a UInt8') SELECT 1`,
    `SELECT * FROM url('${url}/a', 'CSV', 'a String') SETTINGS http_max_tries = 1`,
    `SELECT * FROM remote('127.0.0.1:${port}', 'system.one')`,
    `SELECT * FROM executable('cat', 'CSV', 'a String')`,
    `BACKUP TABLE system.one TO File('${folder}/b')`,
    `SELECT * FROM sqlite('${folder}/x.db', 't')`,
    `SELECT * FROM file('/proc/1/environ', 'LineAsString')`,
    "SELECT file('clickhouse/status') != ''",
  ]);
  assert.deepEqual(answers[0], [true, '1\n'], 'the engine works at all');
  for (const [ok, text] of answers.slice(1, -1)) {
    assert.equal(ok, false, text);
    assert.ok(!text.includes(secretText), text);
  }
  assert.deepEqual(readdirSync(folder), ['secret.csv']);
  assert.equal(target.hits(), 0);
});

test('a time zone named by a file takes no rows of others', async (t) => {
  const uid = Number(/ uid=(\d+)$/.exec(engine.confined)?.[1] ?? 0);
  if (uid === 0) return t.skip('the engine may read what it may not while it runs as root');
  const scratch = readdirSync(data).find((name) => name.startsWith('tmp-'))!;
  const pipes = readdirSync(join(data, scratch)).filter((name) => name.startsWith('rows-'));
  assert.ok(pipes.length > 1);
  for (const pipe of pipes) {
    const statement = `SELECT toTimeZone(now(), 'file:${join(data, scratch, pipe)}')`;
    const reply = await ask(engine, { body: statement });
    assert.deepEqual([reply.status, reply.text.slice(0, 9)], [400, 'Code: 36.'], reply.text);
  }
});

test('the engine reports its confinement', (t) => {
  const confine = confineProgram();
  if (confine.path === undefined) return t.skip(confine.why);
  assert.match(engine.confined, /^landlock=\d+ seccomp=1 uid=\d+$/);
});

test('a confined process opens no connection and no other port', async (t) => {
  const confine = confineProgram();
  if (confine.path === undefined) return t.skip(confine.why);
  if (engine.confined.startsWith('landlock=0')) return t.skip('the kernel has no Landlock');
  const path = join(home.path, 'ports');
  mkdirSync(path);
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const entry = fileURLToPath(new URL('./testing/ports.ts', import.meta.url));
  const { command, args } = confinedCommand(path, -1, entry);
  const child = spawn(command, [...args, String(port)], {
    cwd: path,
    env: { OPENSSL_CONF: '/dev/null' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  listener.close();
  assert.deepEqual(JSON.parse(out), { connect: 'EACCES', udp: 'EACCES', bind: 'EACCES' });
});

/** Choices of files, hosts, dialects and of what this engine does not have. */
const refusedTypes: readonly string[] = [
  'ArrowFlightDescriptorType',
  'CapnProtoEnumComparingMode',
  'DefaultDatabaseEngine',
  'DefaultTableEngine',
  'Dialect',
  'DistributedCacheLogMode',
  'DistributedCachePoolBehaviourOnLimit',
  'DistributedDDLOutputMode',
  'FileLikeEngineDefaultPartitionStrategy',
  'IcebergMetadataLogLevel',
  'IntervalOutputFormat',
  'JemallocProfileFormat',
  'LocalFSReadMethod',
  'LogsLevel',
  'Map',
  'MergeCoordinatorDistributionAlgorithm',
  'ObjectStorageGranularityLevel',
  'ParallelReplicasCustomKeyFilterType',
  'S3UriStyle',
  'SearchOrphanedPartsDisks',
  'SkipUnavailableShardsMode',
  'SnappyMode',
  'StreamingHandleErrorMode',
  'String',
  'Timezone',
  'TransactionsWaitCSNMode',
  'URI',
];
