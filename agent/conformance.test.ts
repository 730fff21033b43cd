// Captures with the parses that another agent made of them, packet by packet. Where those differ
// from the specification, the specification and tshark are right, and the difference is written
// down.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { type Run, runFile } from './testing/run.ts';

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
