// Captures through the started program: what tshark reads in a file stands in the engine and comes
// out of both of Jaeger's APIs.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { type AllInOne, eventually, startAllInOne } from './lib/all-in-one.ts';
import { captureObstacle, makeCapture } from './lib/capture.ts';
import { dnsExchanges, type Exchange, httpExchanges } from './lib/dissect.ts';
import { scratch } from './lib/program.ts';

const pcaps = join(process.env.WIRESTITCH_CONFORMANCE ?? '/nonexistent', 'pcap');
const noConformance = existsSync(pcaps) ? '' : 'WIRESTITCH_CONFORMANCE names no folder of captures';
const foreign = ['http.pcap', 'http/httpv1.pcap', 'http/istio-tcp-frag.pcap'].map((name) =>
  join(pcaps, name),
);
const foreignDns = ['udp_continuous_packet.pcap', 'udp_normal.pcap'].map((name) =>
  join(pcaps, name),
);

const folder = scratch();
let obstacle = '';
let made = '';
let program: AllInOne | undefined;
let startedNs = 0n;

before(async () => {
  obstacle = captureObstacle();
  if (obstacle === '') made = await makeCapture(folder.path);
  const receivers: Record<string, string> = {};
  const add = (name: string, files: readonly string[], rebase = false): void => {
    const list = JSON.stringify(files);
    receivers[`packet/${name}`] =
      `{files: ${list}, capture_name: ${name}, rebase_time: ${rebase}, endpoint_segments: 2}`;
  };
  if (made !== '') add('made', [made]);
  if (made !== '') add('shifted', [made], true);
  if (noConformance === '') add('foreign', [...foreign, ...foreignDns]);
  startedNs = BigInt(Date.now()) * 1_000_000n;
  program = await startAllInOne(folder.path, { receivers });
});

after(async () => {
  try {
    const missing = await program?.program.unbalanced();
    assert.deepEqual([missing ?? [], await program?.stop()], [[], 0]);
  } finally {
    folder.remove();
  }
});

/** A span as the tests compare it: what tshark knows too. */
interface Stored extends Exchange {
  readonly spanId: string;
  readonly traceId: string;
  readonly service: string;
}

const attribute = (kind: string, name: string): string => `attributes_${kind}['${name}']`;

/** The spans of a capture, read with SQL. */
async function stored(capture: string, protocol: string): Promise<Stored[]> {
  const columns: Record<keyof Stored, string> = {
    spanId: 'lower(hex(span_id))',
    traceId: 'lower(hex(trace_id))',
    service: 'service',
    client: attribute('string', 'client.address'),
    clientPort: attribute('int', 'client.port'),
    server: attribute('string', 'server.address'),
    serverPort: attribute('int', 'server.port'),
    transport: attribute('string', 'network.transport'),
    what:
      protocol === 'http'
        ? `concat(${attribute('string', 'http.request.method')}, ' ',
            ${attribute('string', 'url.path')}, if(${attribute('string', 'url.query')} = '', '', '?'),
            ${attribute('string', 'url.query')})`
        : `concat(${attribute('string', 'wirestitch.dns.question.type')}, ' ',
            ${attribute('string', 'dns.question.name')})`,
    result:
      protocol === 'http'
        ? `toString(${attribute('int', 'http.response.status_code')})`
        : attribute('string', 'wirestitch.dns.response_code'),
    requestSequence: `if(mapContains(attributes_int, 'wirestitch.tcp.request_sequence'),
      toString(${attribute('int', 'wirestitch.tcp.request_sequence')}), '')`,
    responseSequence: `if(mapContains(attributes_int, 'wirestitch.tcp.response_sequence'),
      toString(${attribute('int', 'wirestitch.tcp.response_sequence')}), '')`,
    start: 'toString(toUnixTimestamp64Nano(time))',
    end: 'toString(toUnixTimestamp64Nano(time) + duration)',
  };
  const select = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`);
  const text = await program!.scalar(`SELECT ${select.join(', ')} FROM wirestitch.spans
    WHERE resource_id IN (SELECT id FROM wirestitch.resources
      WHERE attributes['wirestitch.capture.name'] = '${capture}')
      AND attributes_string['network.protocol.name'] = '${protocol}'
    FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stored);
}

async function storedCount(capture: string, protocol: string, count: number): Promise<Stored[]> {
  let spans: Stored[] = [];
  await eventually(`${count} ${protocol} spans of ${capture}`, async () => {
    spans = await stored(capture, protocol);
    return spans.length >= count;
  });
  return spans;
}

/** Both lists hold the same exchanges; a field that tshark leaves open is '' and not compared. */
function compare(mine: readonly Stored[], theirs: readonly Exchange[]): Map<Stored, Exchange> {
  const key = (e: Exchange): string =>
    [e.transport, e.client, e.clientPort, e.server, e.serverPort, e.what, e.result].join(' ');
  assert.deepEqual(mine.map(key).sort(), theirs.map(key).sort());
  const order = (a: Exchange, b: Exchange): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : Number(BigInt(a.end) - BigInt(b.end));
  const left = [...mine].sort(order);
  const pairs = new Map<Stored, Exchange>();
  for (const [i, want] of [...theirs].sort(order).entries()) {
    const got = left[i]!;
    pairs.set(got, want);
    for (const field of ['requestSequence', 'responseSequence', 'start', 'end'] as const) {
      if (want[field] !== '') assert.equal(got[field], want[field], `${field} of ${key(got)}`);
    }
  }
  return pairs;
}

test('HTTP of a capture of nginx and curl', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const theirs = httpExchanges(made);
  assert.ok(theirs.length >= 200, `${theirs.length} exchanges`);
  compare(await storedCount('made', 'http', theirs.length), theirs);
  const exact = theirs.filter((e) => e.requestSequence !== '' && e.end !== '').length;
  assert.ok(exact >= 160, `${exact} with times and sequence numbers`);
  t.diagnostic(`${theirs.length} exchanges, ${exact} with times and sequence numbers`);
});

test('DNS of a capture of dnsmasq and dig', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const theirs = dnsExchanges(made);
  const overTcp = theirs.filter((e) => e.transport === 'tcp').length;
  assert.ok(theirs.length >= 400 && overTcp >= 50, `${theirs.length}, ${overTcp} over TCP`);
  compare(await storedCount('made', 'dns', theirs.length), theirs);
  t.diagnostic(`${theirs.length} exchanges, ${overTcp} over TCP`);
});

interface V1Tag {
  readonly key: string;
  readonly value: unknown;
}

interface V1Trace {
  readonly traceID: string;
  readonly spans: {
    readonly spanID: string;
    readonly startTime: number;
    readonly duration: number;
    readonly tags: readonly V1Tag[];
  }[];
}

interface V3Value {
  readonly stringValue?: string;
  readonly intValue?: string;
}

interface V3Answer {
  readonly result: {
    readonly resourceSpans: {
      readonly scopeSpans: {
        readonly spans: {
          readonly spanId: string;
          readonly startTimeUnixNano: string;
          readonly endTimeUnixNano: string;
          readonly attributes: { readonly key: string; readonly value: V3Value }[];
        }[];
      }[];
    }[];
  };
}

async function json<T>(path: string): Promise<T> {
  const response = await fetch(`${program!.jaeger}${path}`);
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

/** What both APIs must say of a span, by the names of attributes. */
function expectedTags(span: Stored): Record<string, string> {
  const [method, target = ''] = span.what.split(' ');
  const [path = '', query] = target.split('?');
  return {
    'http.request.method': method!,
    'url.path': path,
    ...(query === undefined ? {} : { 'url.query': query }),
    'http.response.status_code': span.result,
    'client.address': span.client,
    'client.port': String(span.clientPort),
    'server.address': span.server,
    'server.port': String(span.serverPort),
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'wirestitch.tcp.request_sequence': span.requestSequence,
    'wirestitch.tcp.response_sequence': span.responseSequence,
  };
}

function assertTags(tags: ReadonlyMap<string, string>, span: Stored): void {
  for (const [key, value] of Object.entries(expectedTags(span))) {
    assert.equal(tags.get(key), value, `${key} of ${span.spanId}`);
  }
}

test('the requests through the Jaeger API', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const theirs = httpExchanges(made);
  const mine = await storedCount('made', 'http', theirs.length);
  const want = new Map(mine.map((span) => [span.spanId, span]));
  const byService = Map.groupBy(mine, (span) => span.service);
  assert.ok(byService.has('127.0.0.1:80') && byService.has('[::1]:80'), [...byService].join());
  const { data: services } = await json<{ data: string[] }>('/api/services');
  const times = mine.flatMap((span) => [BigInt(span.start), BigInt(span.end)]);
  times.sort((a, b) => Number(a - b));
  const first = times[0]! / 1000n - 1n;
  const last = times.at(-1)! / 1000n + 1n;
  const seen = new Set<string>();
  const seenV3 = new Set<string>();
  for (const [service] of byService) {
    assert.ok(services.includes(service), service);
    const name = encodeURIComponent(service);
    const range = `start=${first}&end=${last}`;
    const v1 = await json<{ data: V1Trace[] }>(
      `/api/traces?service=${name}&${range}&limit=1000&tag=network.protocol.name:http`,
    );
    for (const found of v1.data.flatMap((trace) => trace.spans)) {
      const span = want.get(found.spanID);
      if (span === undefined) continue;
      seen.add(found.spanID);
      assertTags(new Map(found.tags.map((tag) => [tag.key, String(tag.value)])), span);
      assert.equal(found.startTime, Number(BigInt(span.start) / 1000n));
      assert.equal(found.duration, Number((BigInt(span.end) - BigInt(span.start)) / 1000n));
    }
    const at = (us: bigint): string => new Date(Number(us / 1000n)).toISOString();
    const v3 = await json<V3Answer>(
      `/api/v3/traces?query.service_name=${name}&query.start_time_min=${at(first - 1000n)}` +
        `&query.start_time_max=${at(last + 1000n)}&query.search_depth=1000`,
    );
    const spans = v3.result.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
    for (const found of spans) {
      const span = want.get(found.spanId);
      if (span === undefined) continue;
      seenV3.add(found.spanId);
      const tags = found.attributes.map(({ key, value }): [string, string] => [
        key,
        value.stringValue ?? value.intValue ?? '',
      ]);
      assertTags(new Map(tags), span);
      assert.equal(found.startTimeUnixNano, span.start);
      assert.equal(found.endTimeUnixNano, span.end);
    }
  }
  assert.deepEqual([...seen].sort(), [...want.keys()].sort());
  assert.deepEqual([...seenV3].sort(), [...want.keys()].sort());
});

test('a request is found by its path and opens by its id', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const mine = await storedCount('made', 'http', httpExchanges(made).length);
  const span = mine.find((s) => s.what === 'GET /say/p17');
  const range = `start=${BigInt(span!.start) / 1000n - 5n}&end=${BigInt(span!.end) / 1000n + 5n}`;
  const search = `/api/traces?service=${span!.service}&${range}&tag=url.path:/say/p17&limit=20`;
  const found = await json<{ data: V1Trace[] }>(search);
  assert.deepEqual(
    found.data.map((trace) => trace.traceID),
    [span!.traceId],
  );
  const opened = await json<{ data: V1Trace[] }>(`/api/traces/${span!.traceId}`);
  assert.deepEqual(
    opened.data[0]!.spans.map((s) => s.spanID),
    [span!.spanId],
  );
});

test('rebase_time shifts every time by the same amount, to an end that is now', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  for (const protocol of ['http', 'dns']) {
    const dissected = protocol === 'http' ? httpExchanges(made) : dnsExchanges(made);
    const shifted = await storedCount('shifted', protocol, dissected.length);
    const shiftOf = (s: Exchange, e: Exchange): bigint => BigInt(s.end) - BigInt(e.end);
    const newest = (list: readonly Exchange[]): Exchange =>
      list.reduce((a, b) => (BigInt(b.end) > BigInt(a.end) ? b : a));
    const shift = shiftOf(newest(shifted), newest(await stored('made', protocol)));
    const back = (time: string): string => String(BigInt(time) - shift);
    compare(
      shifted.map((s) => ({ ...s, start: back(s.start), end: back(s.end) })),
      dissected,
    );
    const end = BigInt(newest(shifted).end);
    const now = BigInt(Date.now()) * 1_000_000n;
    // DNS has the capture's last packets but for those that close connections.
    assert.ok(end <= now && end > startedNs - 60_000_000_000n, `${end} ${now}`);
  }
  const ids = (list: readonly Stored[]): Set<string> => new Set(list.map((s) => s.spanId));
  const both = ids(await stored('shifted', 'http')).intersection(ids(await stored('made', 'http')));
  assert.equal(both.size, 0);
});

test('HTTP of captures that others made', async (t) => {
  if (noConformance !== '') return t.skip(noConformance);
  const theirs = foreign.flatMap((file) => httpExchanges(file, file.includes('frag')));
  assert.equal(theirs.length, 3);
  const mine = await storedCount('foreign', 'http', theirs.length);
  compare(mine, theirs);
  for (const span of mine) {
    const { data } = await json<{ data: V1Trace[] }>(`/api/traces/${span.traceId}?raw=true`);
    const [found] = data[0]!.spans;
    const tags = new Map(found!.tags.map((tag) => [tag.key, String(tag.value)]));
    assertTags(tags, span);
    const v3 = await json<V3Answer>(`/api/v3/traces/${span.traceId}?raw_traces=true`);
    const again = v3.result.resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
    assert.deepEqual([again.startTimeUnixNano, again.endTimeUnixNano], [span.start, span.end]);
  }
});

test('DNS of captures that others made', async (t) => {
  if (noConformance !== '') return t.skip(noConformance);
  const theirs = foreignDns.flatMap((file) => dnsExchanges(file));
  assert.equal(theirs.length, 3);
  compare(await storedCount('foreign', 'dns', theirs.length), theirs);
});
