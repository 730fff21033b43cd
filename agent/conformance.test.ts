// Captures with the parses that another agent made of them, packet by packet. Where those differ
// from the specification, the specification and tshark are right, and the difference is written
// down.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { protocols } from './l7/registry.ts';
import { type Result, type Run, runFile } from './testing/run.ts';

const root = process.env.WIRESTITCH_CONFORMANCE ?? '';
const pcaps = join(root, 'pcap');
const reason =
  root !== '' && existsSync(pcaps) ? '' : 'WIRESTITCH_CONFORMANCE names no folder of captures';

function capture(name: string): Run {
  return runFile(readFileSync(join(pcaps, name)));
}

/** One field of a line of a result file, which is Rust's debug notation; '' = None. */
function field(line: string, name: string): string {
  const m = new RegExp(`\\b${name}: (?:Some\\()?("(?:[^"\\\\]|\\\\.)*"|[\\w.]+)`).exec(line);
  assert.ok(m, `${name} in ${line}`);
  const value = m[1]!;
  if (value === 'None') return '';
  return value.startsWith('"') ? (JSON.parse(value) as string) : value;
}

function expected(name: string): string[] {
  return readFileSync(join(pcaps, name), 'utf8')
    .split('\n')
    .filter((l) => l !== '');
}

for (const name of ['http/httpv1', 'http/istio-tcp-frag']) {
  test(`${name}: method, path, host, status, lengths`, (t) => {
    if (reason !== '') return t.skip(reason);
    const [request, response, ...more] = expected(`${name}.result`);
    assert.deepEqual(more, []);
    const { results } = capture(`${name}.pcap`);
    assert.equal(results.length, 1);
    const a = results[0]!.attributes;
    const query = a['url.query'] === undefined ? '' : `?${a['url.query']}`;
    assert.equal(
      String(a['http.request.method']).toLowerCase(),
      field(request!, 'method').toLowerCase(),
    );
    assert.equal(`${a['url.path']}${query}`, field(request!, 'path'));
    assert.deepEqual(a['http.request.header.host'], [field(request!, 'host')]);
    assert.equal(String(a['http.response.status_code']), field(response!, 'status_code'));
    const sent = field(request!, 'req_content_length');
    const received = field(response!, 'resp_content_length');
    if (sent !== '') assert.equal(String(a['http.request.body.size']), sent);
    if (received !== '') assert.equal(String(a['http.response.body.size']), received);
    const bytes = field(request!, 'captured_request_byte');
    assert.equal(String(a['http.request.size']), bytes);
  });
}

test('http/istio-tcp-frag: the response is there, and said to be cut', (t) => {
  if (reason !== '') return t.skip(reason);
  const [r] = capture('http/istio-tcp-frag.pcap').results;
  // The capture ends after the status line: a head without its end.
  assert.equal(r?.incomplete, 'connection_closed');
  assert.equal(r?.attributes['http.response.size'], 17);
});

test('http/httpv1: times', (t) => {
  if (reason !== '') return t.skip(reason);
  const [r] = capture('http/httpv1.pcap').results;
  // The response comes 84,051 us after the request.
  assert.equal(r!.end - r!.start, 84_051_000n);
});

test('http.pcap: a whole connection, its response in several segments', (t) => {
  if (reason !== '') return t.skip(reason);
  const { results, stats } = capture('http.pcap');
  assert.equal(results.length, 1);
  const { attributes } = results[0]!;
  assert.equal(attributes['http.response.status_code'], 200);
  // Sequence numbers of tshark: the response takes bytes 1 to 5,073 of the stream.
  assert.equal(attributes['http.response.size'], 5073);
  assert.equal(attributes['http.request.size'], 73);
  assert.deepEqual(stats.drops, {});
});

test('ip-fragment.pcap: every datagram is put together', (t) => {
  if (reason !== '') return t.skip(reason);
  const { stats } = capture('ip-fragment.pcap');
  assert.equal(stats.packets, 18);
  assert.equal(stats.flowsCreated, 1);
  assert.deepEqual(stats.drops, {});
  assert.equal(stats.heldBytes, 0);
});

test('udp_continuous_packet and others: DNS among them is found', (t) => {
  if (reason !== '') return t.skip(reason);
  const names = ['udp_normal', 'udp_continuous_packet'];
  const questions = names.flatMap((name) =>
    capture(`${name}.pcap`).results.map((r) =>
      [
        r.name,
        r.attributes['dns.question.name'],
        r.attributes['wirestitch.dns.response_code'],
      ].join(' '),
    ),
  );
  assert.ok(questions.length > 0);
  for (const q of questions) assert.match(q, /^DNS (A|AAAA|PTR) \S+ (NOERROR|NXDOMAIN)$/);
});

test('captures of other protocols give no HTTP and no DNS', (t) => {
  if (reason !== '') return t.skip(reason);
  const f = (name: string) => assert.deepEqual(capture(name).results, [], name);
  f('mysql/mysql-table-select.pcap');
  f('mongo/mongo.pcap');
  f('mqtt/mqtt_error.pcap');
  f('kafka/00-produce-v9.pcap');
  f('memcached/memcached.pcap');
  f('http/grpc-unary.pcap');
});

/** All protocols, values shown, by time. */
function plain(name: string): Result[] {
  const looked = Object.values(protocols).map((make) => make());
  const file = readFileSync(join(pcaps, name));
  const { results } = runFile(file, undefined, looked, false);
  return results.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

/** A line of a MySQL result file, which is JSON. */
interface MysqlLine {
  readonly msg_type: 'Request' | 'Response' | 'Session' | 'Other';
  readonly request_type: number;
  readonly request_resource?: string;
  readonly response_status: string;
  readonly response_execption?: string;
  readonly statement_id: number;
  readonly captured_request_byte: number;
}

const COMMANDS: Readonly<Record<number, string>> = {
  0: 'LOGIN',
  1: 'COM_QUIT',
  2: 'COM_INIT_DB',
  3: 'COM_QUERY',
  4: 'COM_FIELD_LIST',
  22: 'COM_STMT_PREPARE',
  23: 'COM_STMT_EXECUTE',
  25: 'COM_STMT_CLOSE',
};

/**
 * Where the result files of MySQL and we differ, and who is right by tshark and the protocol:
 * - request_resource of a login names the user: not recorded, on purpose; its database is compared.
 * - request_resource of COM_STMT_EXECUTE lists parameters: values, not recorded; the statement is.
 * - captured_request_byte of a compressed request has the 7 bytes of the frame; sizes here are
 *   those of the packets in it (mysql-use: tshark shows length 15 within frame length 22).
 * - response_code is the first byte of the response (255, 254, 0): mysql-login-error holds
 *   `ff 10 04` and `#08004`, which is error 1040 (tshark: mysql.error_code == 1040).
 * - statement_id of other responses than that to COM_STMT_PREPARE is read out of their OK packets.
 * - rrt is 0 in all of them.
 */
const FRAMED = new Set(['mysql-use', 'mysql-compressed-response']);

test('mysql: commands, statements, sizes, ids and outcomes', (t) => {
  if (reason !== '') return t.skip(reason);
  let compared = 0;
  const equal = (mine: unknown, theirs: unknown, where: string) => {
    assert.equal(mine, theirs, where);
    compared++;
  };
  const folder = join(pcaps, 'mysql');
  const names = readdirSync(folder).filter((n) => n.endsWith('.result'));
  for (const name of names.map((n) => n.slice(0, -'.result'.length))) {
    const lines = expected(`mysql/${name}.result`).map(
      (l) => JSON.parse(l.replace(/ is_mysql: \w+$/, '')) as MysqlLine,
    );
    const requests = lines.filter((l) => l.msg_type === 'Request' || l.msg_type === 'Session');
    const results = plain(`mysql/${name}.pcap`);
    equal(results.length, requests.length, name);
    for (const [i, line] of requests.entries()) {
      const a = results[i]!.attributes;
      const where = `${name} ${i}`;
      equal(a['wirestitch.mysql.command'], COMMANDS[line.request_type], where);
      const frame = FRAMED.has(name) ? 7 : 0;
      equal(Number(a['wirestitch.request.size']) + frame, line.captured_request_byte, where);
      if ([3, 22].includes(line.request_type)) {
        equal(a['db.query.text'], line.request_resource, where);
      }
      if (line.request_type === 2) equal(a['db.namespace'], line.request_resource, where);
      if (line.request_type === 23) {
        equal(a['wirestitch.mysql.statement_id'], line.statement_id, where);
      }
      if (line.request_type === 0) {
        const database = / db: (\S+)$/.exec(line.request_resource ?? '')?.[1];
        equal(a['db.namespace'], database, where);
      }
    }
    // In files of one connection responses come in the order of the requests.
    if (name === 'mysql-statement') continue;
    const answered = results.filter((r) => r.responseSequence !== undefined);
    const responses = lines.filter((l) => l.msg_type === 'Response');
    equal(answered.length, responses.length, name);
    for (const [i, line] of responses.entries()) {
      equal(answered[i]!.error === '', line.response_status === 'ok', `${name} ${i}`);
    }
  }
  t.diagnostic(`${names.length} captures, ${compared} comparisons`);
  assert.ok(compared >= 250, `${compared}`);
});

test('mysql and redis: times', (t) => {
  if (reason !== '') return t.skip(reason);
  // Microseconds from request to response, summed over the capture, and the longest.
  const f = (name: string, count: number, most: number) => {
    const done = plain(`${name}.pcap`).filter((r) => r.responseSequence !== undefined);
    const delays = done.map((r) => Number(r.end - r.start) / 1000);
    assert.equal(delays.length, count, name);
    if (most > 0) assert.equal(Math.max(...delays), most, name);
  };
  f('mysql/mysql', 6, 225);
  f('redis/redis-error', 1, 73);
  f('redis/redis', 10, 0);
});

test('redis: commands, kinds of replies, errors', (t) => {
  if (reason !== '') return t.skip(reason);
  let compared = 0;
  for (const name of ['redis/redis', 'redis/redis-error']) {
    const lines = expected(`${name}.result`);
    const asked = lines.filter((l) => field(l, 'request_type') !== '');
    // Lines after the first of a reply in several packets know nothing (is_redis: false).
    const told = lines.filter((l) => !/response_result: Unknown/.test(l));
    const results = plain(`${name}.pcap`);
    assert.equal(results.length, asked.length);
    for (const [i, line] of asked.entries()) {
      const a = results[i]!.attributes;
      assert.equal(a['db.operation.name'], field(line, 'request_type').toUpperCase());
      // White space within a word is written as \\x20 by us.
      const text = String(a['db.query.text']).replaceAll('\\x20', ' ').replace(/^\S+/, '');
      assert.equal(text, field(line, 'request').replace(/^\S+/, ''));
      const kind = String(a['wirestitch.redis.response.type']).replace('bulk', 'bulkString');
      assert.equal(kind.toLowerCase(), field(told[i]!, 'response_result').toLowerCase());
      const error = field(told[i]!, 'error').replace(/^-/, '').split(' ')[0];
      assert.equal(results[i]!.error, error);
      compared += 4;
    }
  }
  t.diagnostic(`${compared} comparisons`);
  assert.equal(compared, 44);
});

test('no capture of another protocol is taken for MySQL or Redis', (t) => {
  if (reason !== '') return t.skip(reason);
  const files = readdirSync(pcaps, { recursive: true, encoding: 'utf8' });
  let looked = 0;
  for (const name of files.filter((n) => n.endsWith('.pcap'))) {
    const own = /^(mysql|redis)/.exec(name)?.[0];
    for (const { protocol } of plain(name)) {
      if (protocol === 'mysql' || protocol === 'redis') assert.equal(protocol, own, name);
    }
    looked++;
  }
  t.diagnostic(`${looked} captures`);
  assert.ok(looked >= 60);
});
