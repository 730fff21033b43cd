import assert from 'node:assert/strict';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { spoolInto } from './body.ts';
import { statusFor } from './errors.ts';
import type { EngineProcess } from './start.ts';
import { ask, sql, tempFolder, testEngine } from './testing/harness.ts';

const home = tempFolder();
let engine: EngineProcess;

before(async () => {
  engine = await testEngine(join(home.path, 'data'), { allowedHosts: ['Proxy.example'] });
  await sql(engine, 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
});

after(async () => {
  await engine.stop();
  home.remove();
});

const setting = (name: string) => `SELECT getSetting('${name}')`;

test("a client's statement has a time limit unless it sets its own; the gateway's has none", async () => {
  const name = 'max_execution_time';
  assert.equal(await sql(engine, setting(name)), '600\n');
  const asked = await ask(engine, { path: `/?${name}=7`, body: setting(name) });
  assert.equal(asked.text, '7\n');
  assert.equal(await sql(engine, `${setting(name)} SETTINGS ${name} = 8`), '8\n');
  const socketPath = engine.socketPath!;
  assert.equal((await ask(engine, { socketPath, body: setting(name) })).text, '0\n');
});

test('no statement gets more memory than the bound of one', async () => {
  const name = 'max_memory_usage';
  const bound = String(Math.floor((768 << 20) * 0.6));
  assert.equal(await sql(engine, setting(name)), `${bound}\n`);
  const socketPath = engine.socketPath!;
  for (const [given, taken] of [
    ['2000000000', bound],
    ['0', bound],
    ['-1', bound],
    ['1e12', bound],
    ['99999999999999999999', bound],
    ['100000000', '100000000'],
  ] as const) {
    for (const where of [{}, { socketPath }]) {
      const reply = await ask(engine, {
        ...where,
        path: `/?${name}=${given}`,
        body: setting(name),
      });
      assert.equal(reply.text, `${taken}\n`, given);
    }
    const text = `${setting(name)} SETTINGS max_threads = 1, ${name} = ${given}`;
    assert.equal(await sql(engine, text), `${taken}\n`, given);
    await ask(engine, { path: '/?session_id=m', body: `SET ${name} = ${given}` });
    const kept = await ask(engine, { path: '/?session_id=m', body: setting(name) });
    assert.equal(kept.text, `${taken}\n`, given);
  }
});

test('no setting of one statement keeps its session from serving the next', async () => {
  for (const [setting, code] of [
    ['max_query_size=1', '36'],
    ['max_query_size=-1', '36'],
    ['max_parser_depth=1', '497'],
    ['max_parser_backtracks=1', '497'],
    ['max_query_size=0', undefined],
    ['max_query_size=10000000', undefined],
    ['max_ast_elements=1', undefined],
    ['max_execution_time=1', undefined],
    ['memory_tracker_fault_probability=1', undefined],
  ] as const) {
    for (let i = 0; i < 8; i++) {
      const reply = await ask(engine, { path: `/?${setting}`, body: 'SHOW DATABASES' });
      if (code !== undefined) assert.equal(reply.headers['x-clickhouse-exception-code'], code);
    }
    for (let i = 0; i < 8; i++) {
      const reply = await ask(engine, { body: 'SHOW DATABASES' });
      assert.equal(reply.status, 200, `${setting}: ${reply.text}`);
    }
  }
  await ask(engine, { path: '/?session_id=q', body: 'SET max_query_size = 1' });
  const kept = await ask(engine, { path: '/?session_id=q', body: 'SHOW DATABASES' });
  assert.equal(kept.headers['x-clickhouse-exception-code'], '36');
  assert.equal((await ask(engine, { body: 'SHOW DATABASES' })).status, 200);
});

test('readonly is honoured', async () => {
  const answer = async (path: string, body: string) => {
    const { status, headers } = await ask(engine, { path, body });
    return `${status} ${headers['x-clickhouse-exception-code'] ?? ''}`;
  };
  for (const level of ['1', '2']) {
    const path = `/?readonly=${level}`;
    for (const body of [
      'INSERT INTO t VALUES (1)',
      'INSERT INTO t SELECT 1',
      'CREATE TABLE t2 (a UInt8) ENGINE = Memory',
      'DROP TABLE t',
      'ALTER TABLE t DELETE WHERE 1',
      'TRUNCATE TABLE t',
      'SYSTEM STOP MERGES t',
      "KILL QUERY WHERE query_id = 'x'",
    ]) {
      assert.equal(await answer(path, body), '500 164', `${level} ${body}`);
    }
    for (const body of ['SELECT 1', 'SHOW TABLES', 'DESCRIBE TABLE t', 'EXISTS TABLE t']) {
      assert.equal(await answer(path, body), '200 ', `${level} ${body}`);
    }
  }
  const insert = `&query=${encodeURIComponent('INSERT INTO t FORMAT TSV')}`;
  assert.equal(await answer(`/?readonly=1${insert}`, '1\n'), '500 164');
  assert.equal(await sql(engine, 'SELECT count() FROM t'), '0\n');
  const set = 'SELECT 1 SETTINGS max_threads = 1';
  assert.equal(await answer('/?readonly=1', set), '500 164');
  assert.equal(await answer('/?readonly=2', set), '200 ');
  assert.equal(await answer('/?readonly=0', 'TRUNCATE TABLE t'), '200 ');
  assert.equal(await answer('/?readonly=yes', 'SELECT 1'), '400 36');
});

test('roles are refused; session_check and close_session are honoured', async () => {
  const answer = async (path: string, body = 'SELECT 1') => {
    const { status, headers, text } = await ask(engine, { path, body });
    return `${status} ${headers['x-clickhouse-exception-code'] ?? text.trim()}`;
  };
  assert.equal(await answer('/?role=reader'), '404 511');
  assert.equal(await answer('/?session_id=none&session_check=1'), '404 372');
  const name = 'max_block_size';
  assert.equal(await answer('/?session_id=s', `SET ${name} = 5`), '200 ');
  const unset = await answer('/', setting(name));
  assert.equal(await answer('/?session_id=s&session_check=1', setting(name)), '200 5');
  assert.equal(await answer('/?session_id=s', `SET ${name} = DEFAULT`), '200 ');
  assert.equal(await answer('/?session_id=s', setting(name)), unset);
  assert.equal(await answer('/?session_id=s', `SET ${name} = 5`), '200 ');
  assert.equal(await answer('/?session_id=s&close_session=1', setting(name)), '200 5');
  assert.equal(await answer('/?session_id=s&session_check=1'), '404 372');
  const long = `SET log_comment = '${'x'.repeat(70_000)}'`;
  assert.equal(await answer('/?session_id=long', long), '400 36');
});

test('names of this server that its owner gave are answered', async () => {
  for (const [host, status] of [
    ['proxy.example:1', 200],
    ['PROXY.example', 200],
    ['other.example', 403],
  ] as const) {
    const reply = await ask(engine, { body: 'SELECT 1', headers: { Host: host } });
    assert.equal(reply.status, status, host);
  }
});

test('a server that other machines reach is answered under any name', async () => {
  const open = await testEngine(join(home.path, 'open'), { listen: '0.0.0.0:0' });
  try {
    const reply = await ask(open, { body: 'SELECT 1', headers: { Host: 'any.example:8123' } });
    assert.deepEqual([reply.status, reply.text], [200, '1\n']);
  } finally {
    await open.stop();
  }
});

test('a disk that is full is no fault of the body', async (t) => {
  const full = () => createWriteStream('/dev/full');
  if (process.platform !== 'linux') return t.skip('/dev/full is of Linux');
  const body = Buffer.alloc(3 << 20, 1);
  await assert.rejects(spoolInto(full(), body, [Readable.from([])]), { code: 243 });
  await assert.rejects(spoolInto(full(), Buffer.alloc(0), [Readable.from([body])]), { code: 243 });
  assert.equal(statusFor(243), 500);
  const nowhere = createWriteStream(join(home.path, 'no/such/folder'));
  await assert.rejects(spoolInto(nowhere, body, [Readable.from([])]), { code: 75 });
  assert.equal(statusFor(75), 500);
});

test('temporary files of the engine go to its scratch folder', (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return t.skip('root on Linux is needed to read the environment of another process');
  }
  const environment = readFileSync(`/proc/${engine.pid}/environ`, 'utf8').split('\0');
  const temporary = environment.find((line) => line.startsWith('TMPDIR='));
  assert.ok(temporary?.startsWith(`TMPDIR=${join(home.path, 'data')}/tmp-`), temporary);
});

test('signals to the whole program leave the engine to its owner', async () => {
  const { pid } = engine;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid!, signal);
  assert.equal(await sql(engine, 'SELECT 3'), '3\n');
  assert.equal(engine.pid, pid);
});

test('restarts wait longer each time, and not after a good minute', async () => {
  let now = 0;
  const waits: number[] = [];
  const restarted = await testEngine(join(home.path, 'restarted'), {
    listen: false,
    clock: {
      monotonicMs: () => now,
      after(ms, run) {
        // The limits of start and stop are longer than any pause.
        const timeout = setTimeout(run, ms > 10_000 ? ms : 0);
        if (ms <= 10_000) waits.push(ms);
        return { cancel: () => clearTimeout(timeout) };
      },
    },
  });
  try {
    for (let i = 0; i < 4; i++) await restarted.restart();
    assert.deepEqual(waits, [200, 400, 800]);
    now += 60_001;
    await restarted.restart();
    assert.deepEqual(waits, [200, 400, 800], 'at once after a good minute');
  } finally {
    await restarted.stop();
  }
});
