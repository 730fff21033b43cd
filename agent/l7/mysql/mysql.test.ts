import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { bytes, type Seen, Talk, v4 } from '../../testing/frames.ts';
import { type Result, type Run, runFrames } from '../../testing/run.ts';
import {
  cuts,
  damages,
  sayCut,
  sayDamaged,
  sayWhole,
  timeless,
  turnsOf,
} from '../../testing/turns.ts';
import { Detection } from '../protocol.ts';
import { detectMysql } from './detect.ts';
import { mysql } from './protocol.ts';
import * as p from './testing.ts';

const { Flags } = p;

function talk(port = 3306): Talk {
  return new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', port));
}

function run(frames: readonly Seen[]): Run {
  return runFrames(frames, { protocols: [mysql()] });
}

/** Logged in, capabilities as said. */
function loggedIn(flags: number, options: { db?: string; version?: string } = {}): Talk {
  const t = talk().handshake();
  t.answer(p.greeting(options.version));
  t.ask(p.login(flags, options.db));
  return t.answer(p.ok(2));
}

function brief(r: Result): string {
  const rows = r.attributes['db.response.returned_rows'] ?? '-';
  const changed = r.attributes['wirestitch.db.affected_rows'] ?? '-';
  return `${r.name}: ${rows} ${changed}${r.error === '' ? '' : ` !${r.error}`}${r.reason === '' ? '' : ` (${r.reason})`}${r.incomplete === '' ? '' : ` [${r.incomplete}]`}`;
}

function briefs(frames: readonly Seen[]): string[] {
  return run(frames).results.map(brief);
}

for (const deprecateEof of [false, true]) {
  const flags = Flags.secure | Flags.db | (deprecateEof ? Flags.deprecateEof : 0);
  test(`a connection from greeting to quit, EOF ${deprecateEof ? 'deprecated' : 'sent'}`, () => {
    const t = loggedIn(flags, { db: 'shop', version: '5.5.5-10.11.6-MariaDB-log' });
    t.ask(p.query('select * from orders where id = 4711')).answer(p.rows(3, deprecateEof));
    t.ask(p.query("update orders set state = 'x'")).answer(p.ok(1, 7));
    t.ask(p.query('select nope')).answer(p.error(1, 1054, '42S22', "Unknown column 'nope'"));
    t.ask(p.packet(0, [2], 'other')).answer(p.ok());
    t.ask(p.query('select 1; select 2')).answer(
      bytes(p.rows(2, deprecateEof, { status: 10 }), p.rows(1, deprecateEof, { from: 9 })),
    );
    t.ask(p.packet(0, [14])).answer(p.ok());
    t.ask(p.packet(0, [1])).close();
    const { results, stats } = run(t.frames);
    assert.deepEqual(stats.drops, {});
    assert.deepEqual(results.map(brief), [
      'LOGIN: - -',
      'SELECT orders: 3 -',
      'UPDATE orders: - 7',
      'SELECT: - - !1054',
      'INIT_DB: - -',
      'SELECT SELECT: 3 -',
      'PING: - -',
      'QUIT: - -',
    ]);
    const [, select, , wrong, , multi] = results.map((r) => r.attributes);
    assert.deepEqual(select, {
      'db.system.name': 'mariadb',
      'wirestitch.mysql.server_version': '10.11.6-MariaDB-log',
      'db.namespace': 'shop',
      'wirestitch.mysql.command': 'COM_QUERY',
      'wirestitch.request.size': 41,
      'db.operation.name': 'SELECT',
      'db.collection.name': 'orders',
      'db.query.summary': 'SELECT orders',
      'db.query.text': 'select * from orders where id = ?',
      'wirestitch.response.size': p.rows(3, deprecateEof).length,
      'db.response.returned_rows': 3,
    });
    assert.equal(wrong!['wirestitch.mysql.sqlstate'], '42S22');
    assert.equal(wrong!['db.response.status_code'], '1054');
    assert.equal(multi!['db.namespace'], 'other');
    assert.doesNotMatch(
      JSON.stringify(results, (_, v) => String(v)),
      /someuser|hash/,
    );
  });

  test(`prepared statements, EOF ${deprecateEof ? 'deprecated' : 'sent'}`, () => {
    const t = loggedIn(flags);
    t.ask(p.prepare('select * from a where b = ?')).answer(p.prepared(5, 1, 2, deprecateEof));
    t.ask(p.execute(5)).answer(p.rows(4, deprecateEof));
    t.ask(bytes(p.packet(0, [0x18, ...p.le(5, 4), 0, 0], 'long data'), p.execute(5)));
    t.answer(p.rows(1, deprecateEof));
    t.ask(p.packet(0, [0x1a, ...p.le(5, 4)])).answer(p.ok());
    t.ask(bytes(p.packet(0, [0x19, ...p.le(5, 4)]), p.query('select 1')));
    t.answer(p.rows(0, deprecateEof));
    t.ask(p.execute(5)).answer(p.error(1, 1243, 'HY000', 'Unknown prepared statement handler'));
    t.ask(p.prepare('insert into a values (1)')).answer(p.prepared(6, 0, 0, deprecateEof));
    t.ask(p.execute(6)).answer(p.ok(1, 1));
    const { results, stats } = run(t.close().frames);
    assert.deepEqual(stats.drops, {});
    assert.deepEqual(results.map(brief).slice(1), [
      'STMT_PREPARE: - -',
      'SELECT a: 4 -',
      'STMT_SEND_LONG_DATA: - -',
      'SELECT a: 1 -',
      'STMT_RESET: - -',
      'STMT_CLOSE: - -',
      'SELECT: 0 -',
      'STMT_EXECUTE: - - !1243',
      'STMT_PREPARE: - -',
      'INSERT a: - 1',
    ]);
    assert.equal(results[2]!.attributes['db.query.text'], 'select * from a where b = ?');
    assert.equal(results[1]!.attributes['wirestitch.mysql.statement_id'], 5);
  });
}

test('preparation and execution sent at once (MariaDB)', () => {
  const t = loggedIn(Flags.secure);
  t.ask(bytes(p.prepare('select * from a where b = ?'), p.execute(0xffffffff)));
  t.answer(bytes(p.prepared(9, 1, 2, false), p.rows(2, false)));
  t.ask(p.execute(9)).answer(p.rows(1, false));
  assert.deepEqual(briefs(t.close().frames).slice(1), [
    'STMT_PREPARE: - -',
    'SELECT a: 2 -',
    'SELECT a: 1 -',
  ]);
});

test('cursors, fields, statistics, other users', () => {
  const t = loggedIn(Flags.secure);
  t.ask(p.prepare('select * from a')).answer(p.prepared(1, 0, 2, false));
  const opened = [p.packet(1, [2]), p.column(2, 'a'), p.column(3, 'b'), p.eof(4, 0x42)];
  t.ask(p.execute(1)).answer(bytes(...opened));
  const fetch = p.packet(0, [0x1c, ...p.le(1, 4), ...p.le(2, 4)]);
  t.ask(fetch).answer(bytes(p.packet(1, [0, 0, 1]), p.packet(2, [0, 0, 2]), p.eof(3)));
  t.ask(p.packet(0, [4], 'a', [0])).answer(bytes(p.column(1, 'a'), p.eof(2)));
  t.ask(p.packet(0, [9])).answer(p.packet(1, 'Uptime: 12'));
  t.ask(p.packet(0, [0x11], 'me', [0, 0, 0]));
  t.answer(p.packet(1, [0xfe], 'mysql_native_password', [0], 'x'.repeat(20), [0]));
  t.ask(p.packet(2, 'proof'.repeat(4))).answer(p.ok(3));
  t.ask(p.query('select 1')).answer(p.rows(1, false));
  const { results, stats } = run(t.close().frames);
  assert.deepEqual(stats.drops, {});
  assert.deepEqual(
    results.map(brief).slice(2),
    [
      'SELECT a: 0 -',
      'SELECT a: 2 -',
      'FIELD_LIST: - -',
      'STATISTICS: - -',
      'CHANGE_USER: - -',
      'SELECT: 1 -',
    ].map((s) => s.replace('SELECT a: 2', 'STMT_FETCH: 2')),
  );
});

test('a file of the client is no command', () => {
  const t = loggedIn(Flags.secure);
  t.ask(p.query("load data local infile 'f' into table t")).answer(p.packet(1, [0xfb], 'f'));
  t.ask(bytes(p.packet(2, 'select 1\n'.repeat(10)), p.packet(3)));
  t.answer(p.ok(4, 10));
  t.ask(p.query('select 1')).answer(p.rows(1, false));
  assert.deepEqual(briefs(t.close().frames).slice(1), ['LOAD t: - 10', 'SELECT: 1 -']);
});

test('TLS: nothing is invented', () => {
  const t = talk().handshake().answer(p.greeting()).ask(p.tlsRequest());
  t.ask(Buffer.from('1603010200010001fc0303', 'hex')).answer(Buffer.from('16030300', 'hex'));
  t.ask(p.query('select 1')).answer(p.ok());
  const { results, stats } = run(t.close().frames);
  assert.deepEqual(results, []);
  assert.deepEqual(stats.drops, {});
});

test('logins that fail, questions in between', () => {
  const t = talk().handshake().answer(p.greeting()).ask(p.login(Flags.secure));
  t.answer(p.packet(2, [0xfe], 'sha', [0], 'x'.repeat(20))).ask(p.packet(3, 'proof'));
  t.answer(p.packet(4, [1, 4])).ask(p.packet(5, 'proof'));
  t.answer(p.error(6, 1045, '28000', "Access denied for user 'u'@'h'")).close();
  assert.deepEqual(briefs(t.frames), ['LOGIN: - - !1045']);
  const refused = talk().handshake();
  refused.answer(p.packet(0, [0xff, ...p.le(1040, 2)], 'Too many connections')).close();
  assert.deepEqual(briefs(refused.frames), ['MySQL: - - !1040 (request_missing)']);
});

test('trace contexts in comments and query attributes', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  const parent = `00-${id}-b7ad6b7169203331-01`;
  const t = loggedIn(Flags.secure | Flags.attributes);
  t.ask(p.packet(0, [3, 0, 1], `select 1 /*traceparent='${parent}'*/`)).answer(p.ok());
  const attributes = [[3, 2, 1, 0, 1], [8, 0], p.lenenc('n'), [254, 0], p.lenenc('traceparent')];
  const values = [p.le(5, 8), p.lenenc(parent)];
  t.ask(p.packet(0, ...attributes, ...values, 'select 2')).answer(p.ok());
  const ids: string[] = [];
  const seen: string[] = [];
  const engine = run(t.close().frames);
  for (const r of engine.results) seen.push(String(r.attributes['db.query.text']));
  runFrames(t.frames, {
    protocols: [
      {
        ...mysql(),
        describe: (request, _response, _options, out) => {
          out.name('');
          ids.push(request?.trace?.traceId ?? '');
        },
      },
    ],
  });
  assert.deepEqual(ids, ['', id, id]);
  assert.equal(seen[2], 'select ?');
});

/** A compressed frame; short ones are sent as they are. */
function frame(id: number, inner: Uint8Array, kind: 'zlib' | 'zstd', least = 50): Uint8Array {
  if (inner.length < least) return bytes(p.le(inner.length, 3), [id], [0, 0, 0], inner);
  const packed = kind === 'zlib' ? deflateSync(inner) : zstdCompressSync(inner);
  return bytes(p.le(packed.length, 3), [id], p.le(inner.length, 3), packed);
}

for (const kind of ['zlib', 'zstd'] as const) {
  test(`compressed with ${kind}, from the handshake on and joined`, () => {
    const t = loggedIn(Flags.secure | (kind === 'zlib' ? Flags.compress : Flags.zstd));
    const start = t.frames.length;
    t.ask(frame(0, p.query('select 1'), kind)).answer(frame(1, p.rows(40, false), kind));
    const long = `select * from t where a = '${'x'.repeat(500)}'`;
    t.ask(frame(0, p.query(long), kind)).answer(frame(1, p.rows(2, false), kind));
    const want = ['SELECT: 40 -', 'SELECT t: 2 -'];
    const whole = run(t.close().frames);
    assert.deepEqual(whole.results.map(brief).slice(1), want);
    assert.deepEqual(whole.stats.drops, {});
    assert.equal(
      whole.results[1]?.attributes['wirestitch.response.size'],
      p.rows(40, false).length,
    );
    assert.deepEqual(briefs(t.frames.slice(start)), want);
  });
}

test('damaged compression, and what inflates beyond measure', () => {
  const t = loggedIn(Flags.secure | Flags.compress);
  const bomb = deflateSync(p.query(`select ${'a'.repeat(9_000_000)}`));
  t.ask(bytes(p.le(bomb.length, 3), [0], p.le(9_000_012, 3), bomb)).answer(
    frame(1, p.ok(), 'zlib'),
  );
  t.ask(frame(0, p.query(`select '${'b'.repeat(90)}'`), 'zlib').fill(7, 9, 12));
  t.answer(frame(1, p.ok(), 'zlib'));
  t.ask(frame(0, p.query('select 3'), 'zlib')).answer(frame(1, p.rows(1, false), 'zlib'));
  const { results } = run(t.close().frames);
  assert.equal(results[1]?.name, 'SELECT');
  assert.equal(results[1]?.attributes['wirestitch.request.size'], 9_000_012);
  assert.equal(brief(results.at(-1)!), 'SELECT: 1 -');
});

test('payloads of 16 MB and more', () => {
  const t = loggedIn(Flags.secure);
  const half = 'z'.repeat(0xffffff - 16);
  const sent = bytes(p.packet(0, [3], 'insert into t ', half, 'z'), p.packet(1, 'rest'));
  for (let at = 0; at < sent.length; at += 60_000) t.ask(sent.subarray(at, at + 60_000));
  t.answer(p.ok(2 - 1, 1));
  const { results } = run(t.close().frames);
  assert.deepEqual(results.map(brief).slice(1), ['INSERT t: - 1']);
  assert.equal(results[1]!.attributes['wirestitch.request.size'], 0xffffff + 4 + 8);
  assert.equal(results[1]!.attributes['wirestitch.db.query.cut'], true);
});

test('heads with gaps of known length after them', () => {
  // What a source gives that sees only the beginning of each message.
  const t = loggedIn(Flags.secure);
  const cut = (frames: Seen[]): Seen[] =>
    frames.map((f) =>
      f.frame.length > 54 + 300
        ? { ...f, frame: f.frame.subarray(0, 54 + 300), wireLength: f.frame.length }
        : f,
    );
  const sql = `select * from t where a in (${'1,'.repeat(2000)}1)`;
  const answer = p.rows(100, false, { width: 50 });
  t.ask(p.query(sql)).answer(answer);
  t.ask(p.query('select 2')).answer(p.rows(1, false));
  t.ask(p.query('select 3')).answer(answer);
  const { results, stats } = run(cut(t.close().frames));
  assert.deepEqual(stats.drops, {});
  assert.deepEqual(results.map(brief).slice(1), [
    'SELECT t: - - [truncated,lost]',
    'SELECT: 1 -',
    'SELECT: - - [lost]',
  ]);
  const [, first] = results.map((r) => r.attributes);
  assert.equal(first!['wirestitch.request.size'], sql.length + 5);
  assert.equal(first!['wirestitch.response.size'], answer.length);
});

test('lost packets give no wrong pairs', () => {
  const say = (i: number) => p.query(`select * from t${i}`);
  for (let lost = 0; lost < 8; lost++) {
    const t = loggedIn(Flags.secure);
    for (let i = 0; i < 4; i++) {
      t.ask(say(i), lost === i * 2);
      t.answer(p.rows(i, false), lost === i * 2 + 1);
    }
    t.wait(2_000_000_000n).ask(say(4)).answer(p.rows(4, false));
    t.wait(2_000_000_000n).ask(say(5)).answer(p.rows(5, false));
    const results = run(t.close().frames).results.filter((r) => /^SELECT/.test(r.name));
    for (const r of results) {
      const rows = r.attributes['db.response.returned_rows'];
      if (rows !== undefined) assert.equal(r.name, `SELECT t${rows}`, `lost ${lost}`);
    }
    const last = results.find((r) => r.name === 'SELECT t5');
    assert.equal(last?.attributes['db.response.returned_rows'], 5, `lost ${lost}`);
  }
});

test('a capture that begins in the middle', () => {
  const t = talk();
  t.answer(p.rows(3, false).subarray(30));
  t.ask(p.execute(7)).answer(p.rows(2, true));
  t.ask(p.prepare('select * from a where b = ?')).answer(p.prepared(8, 1, 1, true));
  t.ask(p.execute(8)).answer(p.rows(5, true));
  assert.deepEqual(briefs(t.close().frames), [
    'STMT_EXECUTE: 2 -',
    'STMT_PREPARE: - -',
    'SELECT a: 5 -',
  ]);
});

test('what the server says unasked is no answer', () => {
  const t = loggedIn(Flags.secure);
  t.ask(p.query('select 1')).answer(p.rows(1, false));
  t.answer(p.error(0, 4031, 'HY000', 'The client was disconnected by the server')).close();
  assert.deepEqual(briefs(t.frames).slice(1), ['SELECT: 1 -']);
});

/** Turns of a connection with everything in it. */
const turns = turnsOf((ask, answer) => {
  answer(p.greeting());
  ask(p.login(Flags.secure | Flags.db, 'shop'));
  answer(p.ok(2));
  ask(p.query("select * from t where a = 'b'"));
  answer(p.rows(3, false));
  ask(p.prepare('insert into t values (?)'));
  answer(p.prepared(3, 1, 0, false));
  ask(p.execute(3));
  answer(p.ok(1, 1));
  ask(bytes(p.packet(0, [0x19, ...p.le(3, 4)]), p.query('bad')));
  answer(p.error(1, 1064, '42000', "syntax error near 'bad'"));
  ask(p.query('select 5'));
  answer(bytes(p.rows(1, false, { status: 10 }), p.rows(2, false, { from: 7 })));
  ask(p.packet(0, [1]));
});

test('any cutting gives the same messages', () => {
  const whole = sayWhole(talk().handshake(), turns);
  const want = timeless(run(whole.close().frames).results);
  assert.equal(want.length, 8);
  fc.assert(
    fc.property(cuts(60), (sizes) => {
      const t = sayCut(talk().handshake(), turns, sizes);
      assert.deepEqual(timeless(run(t.close().frames).results), want);
    }),
    { numRuns: 200 },
  );
});

test('holes and damage never throw, and what is said is bounded', () => {
  fc.assert(
    fc.property(damages(14, 80), (list) => {
      const t = sayDamaged(talk().handshake(), turns, list);
      const { results } = run(t.wait(3_000_000_000n).close().frames);
      const asked = results.filter((r) => r.requestSequence !== undefined);
      assert.ok(asked.length <= 40, `${asked.length}`);
    }),
    { numRuns: 300 },
  );
});

test('random bytes never throw, on its port or not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 80 }))),
      fc.boolean(),
      (list, usual) => {
        const t = talk(usual ? 3306 : 12345);
        for (const [client, b] of list) client ? t.ask(b) : t.answer(b);
        run(t.close().frames);
      },
    ),
    { numRuns: 400 },
  );
});

test('detection', () => {
  const f = (b: Uint8Array, usual: boolean) => detectMysql(b, 0, b.length, usual);
  assert.equal(f(p.greeting(), false), Detection.response);
  assert.equal(f(p.login(Flags.secure), false), Detection.request);
  assert.equal(f(p.query('select 1'), false), Detection.request);
  assert.equal(f(p.query('no statement'), true), Detection.no);
  assert.equal(f(p.execute(1), false), Detection.no);
  assert.equal(f(p.execute(1), true), Detection.request);
  assert.equal(f(p.packet(0, [14]), false), Detection.no);
  assert.equal(f(p.packet(0, [14]), true), Detection.request);
  assert.equal(f(p.rows(1, false), true), Detection.no);
  for (const text of ['GET / HTTP/1.1\r\n\r\n', '*1\r\n$4\r\nPING\r\n', 'SSH-2.0-x\r\n']) {
    assert.equal(f(Buffer.from(text), true), Detection.no);
  }
});
