import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Seen, Talk, v4 } from '../../testing/frames.ts';
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
import { detectRedis } from './detect.ts';
import { redis } from './protocol.ts';
import { commandText, wordsOf } from './text.ts';

function talk(port = 6379): Talk {
  return new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', port)).handshake();
}

function run(frames: readonly Seen[]): Run {
  return runFrames(frames, { protocols: [redis()] });
}

/** A command as an array of bulk strings. */
function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map(bulk).join('')}`;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function array(...items: string[]): string {
  return `*${items.length}\r\n${items.join('')}`;
}

function brief(r: Result): string {
  const type = r.attributes['wirestitch.redis.response.type'] ?? '-';
  const text = r.attributes['db.query.text'] ?? '?';
  return `${text}: ${type}${r.error === '' ? '' : ` !${r.error}`}${r.reason === '' ? '' : ` (${r.reason})`}${r.incomplete === '' ? '' : ` [${r.incomplete}]`}`;
}

function briefs(frames: readonly Seen[]): string[] {
  const { results, stats } = run(frames);
  assert.deepEqual(stats.drops, {});
  return results.map(brief);
}

test('commands and replies', () => {
  const t = talk();
  t.ask(command('SET', 'user:1', 'secret', 'EX', '10')).answer('+OK\r\n');
  t.ask(command('get', 'user:1')).answer(bulk('secret'));
  t.ask(command('GET', 'none')).answer('$-1\r\n');
  t.ask(command('SELECT', '3')).answer('+OK\r\n');
  t.ask(command('INCR', 'user:1')).answer('-WRONGTYPE Operation against a key\r\n');
  t.ask(command('LRANGE', 'l', '0', '-1')).answer(array(bulk('a'), ':5\r\n', array(), '*-1\r\n'));
  t.ask(command('PING')).answer('+PONG\r\n');
  t.ask('*0\r\n').ask('\r\n').ask('PING\r\n').answer('+PONG\r\n');
  const { results, stats } = run(t.close().frames);
  assert.deepEqual(stats.drops, {});
  assert.deepEqual(results.map(brief), [
    'SET user:1 ? ? ?: simple',
    'GET user:1: bulk',
    'GET none: bulk',
    'SELECT 3: simple',
    'INCR user:1: error !WRONGTYPE',
    'LRANGE l ? ?: array',
    'PING: simple',
    'PING: simple',
  ]);
  assert.deepEqual(results[4]!.attributes, {
    'db.system.name': 'redis',
    'db.operation.name': 'INCR',
    'db.query.text': 'INCR user:1',
    'db.namespace': '3',
    'wirestitch.request.size': command('INCR', 'user:1').length,
    'wirestitch.response.size': 36,
    'wirestitch.redis.response.type': 'error',
    'db.response.status_code': 'WRONGTYPE',
  });
});

test('RESP3 values of every type are one reply each', () => {
  const values = [
    ['_\r\n', 'null'],
    ['#t\r\n', 'boolean'],
    [',3.14\r\n', 'double'],
    ['(3492890328409238509324850943850943825024385\r\n', 'bigNumber'],
    ['!21\r\nSYNTAX invalid syntax\r\n', 'bulkError !SYNTAX'],
    ['=15\r\ntxt:Some string\r\n', 'verbatim'],
    ['%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n:2\r\n:3\r\n', 'map'],
    ['~2\r\n+a\r\n~1\r\n:1\r\n', 'set'],
    ['|1\r\n+ttl\r\n:3\r\n*1\r\n:7\r\n', 'attribute'],
    ['%0\r\n', 'map'],
    ['$0\r\n\r\n', 'bulk'],
  ];
  const t = talk()
    .ask(command('HELLO', '3', 'AUTH', 'u', 'hunter2'))
    .answer('%1\r\n+a\r\n+b\r\n');
  for (const [i, [reply]] of values.entries()) t.ask(command('GET', `k${i}`)).answer(reply!);
  const want = values.map(([, type], i) => `GET k${i}: ${type}`);
  assert.deepEqual(briefs(t.close().frames), ['HELLO ? ? ? ?: map', ...want]);
});

test('pipelines', () => {
  const t = talk();
  const words = Array.from({ length: 50 }, (_, i) => command('GET', `k${i}`));
  t.ask(words.join('')).answer(words.map((_, i) => bulk('v'.repeat(i))).join(''));
  const { results } = run(t.close().frames);
  assert.equal(results.length, 50);
  for (const [i, r] of results.entries()) {
    assert.equal(r.attributes['db.query.text'], `GET k${i}`);
    assert.equal(r.attributes['wirestitch.response.size'], bulk('v'.repeat(i)).length);
  }
});

test('subscriptions: what is pushed is no reply', () => {
  for (const open of ['*', '>']) {
    const push = (...items: string[]) => `${open}${items.length}\r\n${items.join('')}`;
    const t = talk().ask(command('SUBSCRIBE', 'a', 'b'));
    t.answer(
      push(bulk('subscribe'), bulk('a'), ':1\r\n') + push(bulk('subscribe'), bulk('b'), ':2\r\n'),
    );
    for (let i = 0; i < 5; i++) t.answer(push(bulk('message'), bulk('a'), bulk(`m${i}`)));
    t.ask(command('PING')).answer(open === '>' ? '+PONG\r\n' : array(bulk('pong'), bulk('')));
    t.answer(push(bulk('pmessage'), bulk('a*'), bulk('a'), bulk('x')));
    t.ask(command('UNSUBSCRIBE', 'a')).answer(push(bulk('unsubscribe'), bulk('a'), ':1\r\n'));
    t.ask(command('GET', 'k')).answer('$-1\r\n');
    const type = open === '>' ? 'push' : 'array';
    assert.deepEqual(briefs(t.close().frames), [
      `SUBSCRIBE a b: ${type}`,
      `PING: ${open === '>' ? 'simple' : 'array'}`,
      `UNSUBSCRIBE a: ${type}`,
      'GET k: bulk',
    ]);
  }
});

test('a list whose first element is "message" is a reply', () => {
  const t = talk()
    .ask(command('LRANGE', 'l', '0', '1'))
    .answer(array(bulk('message'), bulk('b')));
  assert.deepEqual(briefs(t.close().frames), ['LRANGE l ? ?: array']);
});

test('transactions, monitors, replies switched off', () => {
  const t = talk();
  t.ask(command('MULTI') + command('SET', 'a', '1') + command('EXEC'));
  t.answer('+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n');
  t.ask(command('CLIENT', 'REPLY', 'SKIP') + command('SET', 'b', '1') + command('GET', 'b'));
  t.answer(bulk('1'));
  t.ask(command('CLIENT', 'REPLY', 'OFF') + command('SET', 'c', '1'));
  t.ask(command('CLIENT', 'REPLY', 'ON')).answer('+OK\r\n');
  t.ask(command('MONITOR')).answer('+OK\r\n');
  t.answer('+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"\r\n');
  assert.deepEqual(briefs(t.close().frames), [
    'MULTI: simple',
    'SET a ?: simple',
    'EXEC: array',
    'CLIENT REPLY SKIP: -',
    'SET b ?: -',
    'GET b: bulk',
    'CLIENT REPLY OFF: -',
    'SET c ?: -',
    'CLIENT REPLY ON: simple',
    'MONITOR: simple',
  ]);
});

test('a replica is not asked anything', () => {
  const t = talk()
    .ask(command('REPLCONF', 'listening-port', '6380'))
    .answer('+OK\r\n');
  t.ask(command('PSYNC', '?', '-1')).answer('+FULLRESYNC abc 0\r\n$5\r\nREDIS');
  t.answer(command('SET', 'a', '1')).ask(command('REPLCONF', 'ACK', '1'));
  assert.deepEqual(briefs(t.close().frames), ['REPLCONF ? ?: simple', 'PSYNC ? ?: -']);
});

test('a command that blocks does not time out', () => {
  const t = talk()
    .ask(command('BLPOP', 'q', '0'))
    .wait(500_000_000_000n);
  t.acknowledge().answer(array(bulk('q'), bulk('x')));
  const other = talk().ask(command('GET', 'k')).wait(200_000_000_000n).acknowledge().close();
  assert.deepEqual(briefs(other.frames), ['GET k: - (timeout)']);
  const frames = t.close().frames;
  const slow = runFrames(frames, { protocols: [redis()] }).results.map(brief);
  assert.match(slow[0]!, /^BLPOP q 0: (array|- \(connection_closed\))$/);
});

test('heads with gaps of known length after them', () => {
  const cut = (frames: readonly Seen[]): Seen[] =>
    frames.map((f) =>
      f.frame.length > 254
        ? { ...f, frame: f.frame.subarray(0, 254), wireLength: f.frame.length }
        : f,
    );
  const long = 'x'.repeat(5000);
  const t = talk();
  t.ask(command('SET', 'k', long)).answer('+OK\r\n');
  t.ask(command('GET', 'k')).answer(bulk(long));
  t.ask(command('SET', 'k', long, 'EX', '60')).answer('+OK\r\n');
  t.ask(command('MGET', 'k', 'l')).answer(array(bulk(long), bulk(long)));
  t.ask(command('GET', 'none')).answer('$-1\r\n');
  const { results, stats } = run(cut(t.close().frames));
  assert.deepEqual(stats.drops, {});
  assert.deepEqual(results.map(brief), [
    'SET k ...: simple',
    'GET k: bulk',
    'SET k ...: simple [lost]',
    'MGET k l: array [lost]',
    'GET none: bulk',
  ]);
  const sizes = results.map((r) => [
    r.attributes['wirestitch.request.size'],
    r.attributes['wirestitch.response.size'],
  ]);
  assert.deepEqual(sizes[0], [command('SET', 'k', long).length, 5]);
  assert.deepEqual(sizes[1], [command('GET', 'k').length, bulk(long).length]);
  assert.deepEqual(sizes[2], [command('SET', 'k', long, 'EX', '60').length, 5]);
  assert.deepEqual(sizes[3], [command('MGET', 'k', 'l').length, 4 + 2 * bulk(long).length]);
});

test('lost packets give no wrong pairs', () => {
  for (let lost = 0; lost < 8; lost++) {
    const t = talk();
    for (let i = 0; i < 4; i++) {
      t.ask(command('GET', `k${i}`), lost === i * 2);
      t.answer(bulk('v'.repeat(i)), lost === i * 2 + 1);
    }
    t.wait(2_000_000_000n).ask(command('GET', 'k4')).answer(bulk('vvvv'));
    t.wait(2_000_000_000n).ask(command('GET', 'k5')).answer(bulk('vvvvv'));
    const { results } = run(t.close().frames);
    for (const r of results) {
      const size = r.attributes['wirestitch.response.size'];
      const text = r.attributes['db.query.text'];
      if (text === undefined || size === undefined) continue;
      assert.equal(text, `GET k${Number(size) - 6}`, `lost ${lost}`);
    }
    const last = results.find((r) => r.attributes['db.query.text'] === 'GET k5');
    assert.equal(last?.attributes['wirestitch.response.size'], 11, `lost ${lost}`);
  }
});

test('a capture that begins in the middle', () => {
  const t = new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', 6379));
  t.answer('lf a value\r\n').ask(command('GET', 'k')).answer(bulk('v'));
  const first = new Talk(v4('10.0.0.1', 40001), v4('10.0.0.2', 6379));
  first.answer('+OK\r\n').ask(command('GET', 'k')).answer(bulk('v'));
  assert.deepEqual(briefs(t.close().frames), ['GET k: bulk']);
  const want = ['?: simple (request_missing)', 'GET k: bulk'];
  assert.deepEqual(briefs(first.close().frames), want);
});

test('what is shown of a command', () => {
  const f = (words: string[], want: string, plain = want) => {
    const b = Buffer.from(command(...words));
    assert.equal(commandText(wordsOf(b, b.length), true), want);
    assert.equal(commandText(wordsOf(b, b.length), false), plain);
  };
  f(['mset', 'a', '1', 'b', '2'], 'MSET a ? b ?', 'MSET a 1 b 2');
  f(['HSET', 'h', 'f', 'v', 'g', 'w'], 'HSET h f ? g ?', 'HSET h f v g w');
  f(['HGET', 'h', 'f'], 'HGET h f');
  f(['AUTH', 'hunter2'], 'AUTH ?');
  f(['AUTH', 'u', 'hunter2'], 'AUTH ? ?');
  f(['HELLO', '3', 'AUTH', 'u', 'p'], 'HELLO ? ? ? ?');
  f(['CONFIG', 'SET', 'requirepass', 'p'], 'CONFIG SET requirepass ?');
  f(['config', 'get', 'save'], 'CONFIG GET save');
  f(['ACL', 'SETUSER', 'u', '>p'], 'ACL SETUSER ? ?');
  f(['MIGRATE', 'h', '1', 'k', '0', '9', 'AUTH', 'p'], 'MIGRATE ? ? ? ? ? ? ?');
  f(['EVAL', 'x', '2', 'a', 'b', 'v'], 'EVAL ? 2 a b ?', 'EVAL x 2 a b v');
  f(['EVALSHA', 'abc', '1', 'a', 'v'], 'EVALSHA abc 1 a ?', 'EVALSHA abc 1 a v');
  f(['JSON.SET', 'k', '$', '1'], 'JSON.SET ? ? ?', 'JSON.SET k $ 1');
  f(['hunter2', 'x'], '_OTHER ?');
  f(['GET', 'a b\n\u0007'], 'GET a\\x20b\\x0a\\x07');
  f(['GET', ''], 'GET ""');
  f(['PING', 'hello'], 'PING ?', 'PING hello');
});

test('no value shows', () => {
  const names = ['SET', 'APPEND', 'LPUSH', 'SADD', 'ZADD', 'PUBLISH', 'SETEX', 'GETSET', 'AUTH'];
  fc.assert(
    fc.property(
      fc.constantFrom(...names, 'XADD', 'UNKNOWN', 'FT.SEARCH', 'EVAL', 'ECHO', 'CONFIG'),
      fc.array(fc.stringMatching(/^zq[a-z]{0,300}$/), { minLength: 1, maxLength: 8 }),
      (name, values) => {
        const words =
          name === 'AUTH'
            ? values
            : name === 'CONFIG'
              ? ['SET', 'k', values[0]!]
              : ['k', ...values];
        const b = Buffer.from(command(name, ...words));
        for (let length = 0; length <= b.length; length += 7) {
          assert.doesNotMatch(commandText(wordsOf(b, length), true), /zq/);
        }
      },
    ),
    { numRuns: 200 },
  );
});

const turns = turnsOf((ask, answer) => {
  ask(command('HELLO', '3'));
  answer('%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n');
  ask(command('SET', 'k', 'v'.repeat(30)) + command('GET', 'k') + command('MGET', 'a', 'b', 'c'));
  answer(
    `+OK\r\n${bulk('v'.repeat(30))}${array(bulk('a'), '$-1\r\n', array(bulk('x'), ':1\r\n'))}`,
  );
  ask(command('SUBSCRIBE', 'ch'));
  answer(
    `>3\r\n${bulk('subscribe')}${bulk('ch')}:1\r\n>3\r\n${bulk('message')}${bulk('ch')}${bulk('hi')}`,
  );
  ask(command('NOPE', 'x'));
  answer("-ERR unknown command 'NOPE', with args beginning with: 'x' \r\n");
  ask(command('CLIENT', 'REPLY', 'SKIP') + command('INCR', 'n') + command('DECR', 'n'));
  answer(':5\r\n');
});

test('any cutting gives the same messages', () => {
  const want = timeless(run(sayWhole(talk(), turns).close().frames).results);
  assert.equal(want.length, 9);
  fc.assert(
    fc.property(cuts(40), (sizes) => {
      const t = sayCut(talk(), turns, sizes);
      assert.deepEqual(timeless(run(t.close().frames).results), want);
    }),
    { numRuns: 200 },
  );
});

test('holes and damage never throw', () => {
  fc.assert(
    fc.property(damages(10, 60), (list) => {
      const t = sayDamaged(talk(), turns, list);
      const { results } = run(t.wait(3_000_000_000n).close().frames);
      assert.ok(results.length <= 60, `${results.length}`);
    }),
    { numRuns: 300 },
  );
});

test('random bytes never throw, on its port or not', () => {
  const piece = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 60 }).map((b) => Buffer.from(b)),
    fc.stringMatching(/^[*$+:>%~|!0-9\r\na-z-]{1,40}$/).map((s) => Buffer.from(s)),
    fc
      .constantFrom(command('GET', 'a'), '$3\r\nabc\r\n', '*2\r\n', '|1\r\n')
      .map((s) => Buffer.from(s)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), piece)), fc.boolean(), (list, usual) => {
      const t = talk(usual ? 6379 : 12345);
      for (const [client, b] of list) client ? t.ask(b) : t.answer(b);
      run(t.close().frames);
    }),
    { numRuns: 400 },
  );
});

test('nesting and announced sizes are bounded', () => {
  const t = talk().ask(command('GET', 'a')).answer('*1\r\n'.repeat(1000));
  t.ask(command('GET', 'b')).answer('*9999999999\r\n');
  t.ask(command('GET', 'c')).answer(bulk('x'));
  const { results, stats } = run(t.close().frames);
  assert.equal(stats.drops['redis/malformed'], 2);
  assert.equal(brief(results.at(-1)!), 'GET c: bulk');
});

test('detection', () => {
  const f = (text: string, usual: boolean) =>
    detectRedis(Buffer.from(text), 0, Buffer.byteLength(text), usual);
  assert.equal(f(command('GET', 'a'), false), Detection.request);
  assert.equal(f(command('FT.SEARCH', 'a'), true), Detection.request);
  assert.equal(f(command('foo', 'bar'), false), Detection.no);
  assert.equal(f('*2\r\n$3\r\nGE', false), Detection.more);
  assert.equal(f('*', true), Detection.more);
  assert.equal(f('*', false), Detection.no);
  assert.equal(f('+OK\r\n', false), Detection.no);
  assert.equal(f('+OK\r\n', true), Detection.response);
  assert.equal(f('PING\r\n', true), Detection.request);
  assert.equal(f('PING\r\n', false), Detection.no);
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x08\0\0\0\x03select 1',
    'get k\r\n',
    'INFO {}\r\n',
  ]) {
    assert.equal(f(text, false), Detection.no);
  }
});
