// Captures that the test makes of MariaDB (the mariadb client, and one that prepares statements)
// and of Redis (redis-cli, redis-benchmark), read by us and by tshark, which is the judge.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { CaptureEngine } from '../agent/engine.ts';
import { MysqlRequest, MysqlResponse } from '../agent/l7/mysql/message.ts';
import { RedisRequest, RedisResponse } from '../agent/l7/redis/message.ts';
import { protocols } from '../agent/l7/registry.ts';
import { CaptureReader } from '../agent/pcap/reader.ts';
import type { Session } from '../agent/session/session.ts';
import { type Judged, judgeMysql, judgeRedis, respCommands } from './packet-databases/judge.ts';
import { DatabaseStage, databaseObstacle, tshark } from './packet-databases/stage.ts';
import { talkMysql, talkRedis } from './packet-databases/talk.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-db-'));
const captures = { mysql: '', compressed: '', redis: '' };
let reason = '';

before(async () => {
  reason = databaseObstacle();
  if (reason !== '') return;
  const stage = new DatabaseStage(folder);
  try {
    await stage.startMariadb();
    await stage.startRedis();
    const last = { text: 'thelastone', times: 1 };
    captures.mysql = await stage.capture('mysql.pcap', last, () => talkMysql(stage, false));
    captures.compressed = await stage.capture('packed.pcap', last, () => talkMysql(stage, true));
    captures.redis = await stage.capture('redis.pcap', last, () => talkRedis(stage));
  } finally {
    await stage.close();
  }
});

after(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly session: Session;
  readonly base: bigint;
  readonly port: string;
}

/** Our sessions by the client's port, each in the order of the requests. */
function ours(capture: string, whole = true): Map<string, Seen[]> {
  const streams = new Map<string, Seen[]>();
  const all = Object.values(protocols).map((make) => make());
  const engine = new CaptureEngine({ protocols: all }, (session, base) => {
    const port = String(session.conversation.ends().clientPort);
    const seen = { session, base: BigInt(base), port };
    const list = streams.get(port);
    if (list === undefined) streams.set(port, [seen]);
    else list.push(seen);
  });
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(readFileSync(capture));
  reader.end();
  engine.finish();
  if (whole) assert.deepEqual(engine.stats().drops, {});
  for (const list of streams.values()) list.sort((a, b) => a.session.ordinal - b.session.ordinal);
  return streams;
}

/** Seconds with nine digits, as tshark prints frame.time_epoch. */
function epoch(seen: Seen, nanos: number): string {
  const t = seen.base * 1_000_000_000n + BigInt(nanos);
  return `${t / 1_000_000_000n}.${String(t % 1_000_000_000n).padStart(9, '0')}`;
}

function byPort(judged: readonly Judged[]): Map<string, Judged[]> {
  const map = new Map<string, Judged[]>();
  for (const j of judged) map.set(j.port, [...(map.get(j.port) ?? []), j]);
  return map;
}

/** Fields compared, and how often. */
class Counter {
  readonly counts: Record<string, number> = {};

  equal(field: string, mine: unknown, theirs: unknown, where: string): void {
    assert.deepEqual(mine, theirs, `${field} of ${where}`);
    this.counts[field] = (this.counts[field] ?? 0) + 1;
  }

  /** Sequence numbers and times of the first bytes, where those begin a packet. */
  start(mine: Seen, times: Times, where: string): void {
    const { request, response, conversation } = mine.session;
    const { clientPort, serverPort } = conversation.ends();
    const asked = times.get(`${clientPort} ${serverPort} ${request?.sequence}`);
    if (asked !== undefined) this.equal('request start', epoch(mine, request!.start), asked, where);
    const told = times.get(`${serverPort} ${clientPort} ${response?.sequence}`);
    if (told !== undefined) this.equal('response start', epoch(mine, response!.start), told, where);
  }

  get text(): string {
    const total = Object.values(this.counts).reduce((a, n) => a + n, 0);
    return `${total} comparisons: ${JSON.stringify(this.counts)}`;
  }
}

type Times = ReadonlyMap<string, string>;

/** Packets by TCP sequence number: each message begins in one, at its time. */
function packetTimes(capture: string): Times {
  const times = new Map<string, string>();
  const fields = ['tcp.srcport', 'tcp.dstport', 'tcp.seq', 'frame.time_epoch'];
  for (const row of tshark(capture, 'tcp.len > 0', fields)) {
    const [from, to, sequence, time] = row.flat();
    const key = `${from} ${to} ${sequence}`;
    if (!times.has(key)) times.set(key, time!);
  }
  return times;
}

function compareMysql(counter: Counter, mine: Seen, theirs: Judged, times: Times): void {
  const { request, response, reason: fault } = mine.session;
  assert.ok(request instanceof MysqlRequest);
  const where = JSON.stringify(theirs);
  assert.equal(fault, '', where);
  counter.equal('command', String(request.command), theirs.command, where);
  counter.equal('request size', request.length, theirs.requestSize, where);
  counter.equal('request end', epoch(mine, request.end), theirs.start, where);
  counter.start(mine, times, where);
  if (theirs.query !== undefined) {
    const text = request.sql!.raw;
    counter.equal('statement', text, theirs.query.slice(0, text.length), where);
  }
  if (!(response instanceof MysqlResponse)) {
    counter.equal('no response', theirs.responseSize, undefined, where);
    return;
  }
  counter.equal('response size', response.length, theirs.responseSize, where);
  counter.equal('response end', epoch(mine, response.end), theirs.end, where);
  counter.equal('error', String(response.errorCode || ''), theirs.error ?? '', where);
  if (response.affectedRows >= 0 && response.returnedRows < 0) {
    counter.equal('affected rows', response.affectedRows, theirs.affected, where);
  }
  if (response.returnedRows >= 0) counter.equal('rows', response.returnedRows, theirs.rows, where);
}

function judgeAll(counter: Counter, capture: string): number {
  const mine = ours(capture);
  const theirs = byPort(judgeMysql(capture));
  const times = packetTimes(capture);
  assert.deepEqual([...mine.keys()].sort(), [...theirs.keys()].sort());
  let exchanges = 0;
  for (const [port, judged] of theirs) {
    const seen = mine.get(port)!;
    for (const [i, j] of judged.entries()) {
      assert.ok(seen[i] !== undefined, `${port} ${i}: ${JSON.stringify(j)}`);
      compareMysql(counter, seen[i], j, times);
    }
    assert.equal(seen.length, judged.length, port);
    exchanges += seen.length;
  }
  return exchanges;
}

test('MySQL as tshark reads it', (t) => {
  if (reason !== '') return t.skip(reason);
  const counter = new Counter();
  const exchanges = judgeAll(counter, captures.mysql);
  assert.ok(exchanges >= 400, `${exchanges} exchanges`);
  t.diagnostic(`${exchanges} exchanges, ${counter.text}`);
});

test('MySQL: compressed and not, the same statements have the same outcome', (t) => {
  if (reason !== '') return t.skip(reason);
  // tshark 4.0 reads only the first packet of a compressed frame, and takes files for commands.
  const outcomes = (capture: string): string[] =>
    [...ours(capture).values()].flat().flatMap(({ session: { request, response } }) => {
      assert.ok(request instanceof MysqlRequest);
      // Asked to compress, the client says other things of itself, and tables have grown since.
      if (request.sql === undefined || /^set |^load data/i.test(request.sql.raw)) return [];
      const r = response instanceof MysqlResponse ? response : undefined;
      const what = `${request.command} ${request.sql.raw} ${request.length}`;
      return [`${what} ${r?.errorCode} ${(r?.returnedRows ?? -1) >= 0} ${r?.incomplete}`];
    });
  const plain = outcomes(captures.mysql);
  assert.deepEqual(outcomes(captures.compressed), plain);
  assert.ok(plain.length >= 300, `${plain.length}`);
  t.diagnostic(`${plain.length} exchanges equal`);
});

test('Redis as its bytes put together by tshark say', (t) => {
  if (reason !== '') return t.skip(reason);
  const counter = new Counter();
  const mine = ours(captures.redis);
  const times = packetTimes(captures.redis);
  const theirs = byPort(judgeRedis(captures.redis));
  assert.deepEqual([...mine.keys()].sort(), [...theirs.keys()].sort());
  let exchanges = 0;
  for (const [port, judged] of theirs) {
    const seen = mine.get(port)!;
    assert.equal(seen.length, judged.length, port);
    for (const [i, j] of judged.entries()) compareRedis(counter, seen[i]!, j, times);
    exchanges += seen.length;
  }
  assert.ok(exchanges >= 2000, `${exchanges} exchanges`);
  t.diagnostic(`${exchanges} exchanges, ${counter.text}`);
});

test('commands of Redis as the RESP layer of tshark shows them', (t) => {
  if (reason !== '') return t.skip(reason);
  // It knows no commands in lines, and shows values in several segments in pieces: not compared.
  const mine = ours(captures.redis);
  let compared = 0;
  for (const [port, commands] of respCommands(captures.redis)) {
    for (const [i, command] of commands.entries()) {
      const request = mine.get(port)?.[i]?.session.request;
      assert.ok(request instanceof RedisRequest, `${port} ${i} ${command}`);
      const { words, count } = request.arguments;
      const text = words.join(' ');
      const shown = count === words.length ? command : command.slice(0, text.length);
      assert.equal(text.trimEnd(), shown.trimEnd());
      compared++;
    }
  }
  assert.ok(compared >= 1000, `${compared} compared`);
  t.diagnostic(`${compared} commands equal`);
});

function compareRedis(counter: Counter, mine: Seen, theirs: Judged, times: Times): void {
  const { request, response, reason: fault } = mine.session;
  const where = JSON.stringify(theirs);
  assert.ok(request instanceof RedisRequest && response instanceof RedisResponse, where);
  assert.equal(fault, '', where);
  const { words, count } = request.arguments;
  // Only the beginning of a long command is kept.
  const whole = count < 0 || count === words.length;
  const text = theirs.command.slice(0, whole ? undefined : words.join(' ').length);
  counter.equal('command', words.join(' '), text, where);
  counter.equal('request size', request.length, theirs.requestSize, where);
  counter.equal('request end', epoch(mine, request.end), theirs.start, where);
  counter.equal('response size', response.length, theirs.responseSize, where);
  counter.equal('response end', epoch(mine, response.end), theirs.end, where);
  counter.equal('error', response.error, theirs.error ?? '', where);
  counter.start(mine, times, where);
}
