import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { CaptureEngine } from '../engine.ts';
import { protocols } from '../l7/registry.ts';
import { NetworkMeters } from '../metrics/network.ts';
import { OutcomeReader } from '../metrics/outcome.ts';
import { RequestMeters } from '../metrics/requests.ts';
import { MetricsWriter } from '../metrics/writer.ts';
import { emptyPacket } from '../pcap/packet.ts';
import { EPOCH, ethernet, Flag, type Seen, Talk, tcp, udp, v4 } from '../testing/frames.ts';
import { FlowLogWriter } from './log-writer.ts';
import type { FlowRecord } from './record.ts';

const second = 1_000_000_000n;
const minute = 60n * second;

function play(engine: CaptureEngine, frames: readonly Seen[]): void {
  for (const { frame, time, wireLength } of frames) {
    engine.packet({
      ...emptyPacket(),
      bytes: frame,
      length: frame.length,
      wireLength: wireLength ?? frame.length,
      seconds: Number(time / second),
      nanos: Number(time % second),
    });
  }
}

/** Records of the flows in some frames, as they came. */
function records(frames: readonly Seen[], until?: bigint): FlowRecord[] {
  const found: FlowRecord[] = [];
  const outcomes = new OutcomeReader({ endpointSegments: 2, obfuscate: true });
  const engine = new CaptureEngine(
    {
      protocols: [protocols.http()],
      flows: (record) => found.push(structuredClone(record)),
      requests: (session) => outcomes.of(session, false),
    },
    () => {},
  );
  play(engine, frames);
  if (until !== undefined) engine.advance(Number(until / second), Number(until % second));
  else engine.finish();
  return found;
}

function talk(port = 40000): Talk {
  return new Talk(v4('10.0.0.1', port), v4('10.0.0.2', 80)).handshake();
}

const REQUEST = 'GET /a/b HTTP/1.1\r\nHost: h\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';

test('one connection, one minute: everything is in one record', () => {
  const t = talk().ask(REQUEST).answer(RESPONSE).acknowledge().close();
  const [r, ...more] = records(t.frames, t.time + minute);
  assert.equal(more.length, 0);
  assert.equal(r!.closed, true);
  assert.equal(r!.isNew, true);
  assert.equal(r!.closeType, 1);
  assert.deepEqual([r!.client.packets, r!.server.packets], [6, 3]);
  assert.deepEqual([r!.client.payload, r!.server.payload], [REQUEST.length, RESPONSE.length]);
  assert.equal(r!.client.bytes, 6 * 54 + REQUEST.length);
  assert.deepEqual([r!.syn, r!.synAck, r!.client.fin, r!.server.fin], [1, 1, 1, 1]);
  assert.equal(r!.rtt, 2e6);
  assert.deepEqual(r!.serverRtt, { count: 1, sum: 1e6, maxMicros: 1000 });
  assert.deepEqual(r!.art, { count: 1, sum: 1e6, maxMicros: 1000 });
  assert.deepEqual(r!.cit, { count: 1, sum: 1e6, maxMicros: 1000 });
  assert.deepEqual([r!.protocol, r!.requests, r!.responses, r!.errors], ['http', 1, 1, 0]);
  assert.equal(r!.until - r!.from, 8e6);
});

test('a record each minute of the clock with packets, and the counts add up', () => {
  const t = talk().ask('x'.repeat(100));
  const rest = minute - (t.time % minute);
  t.wait(rest - 1_000_000n).ask('y'.repeat(10));
  t.wait(1_000_000n)
    .answer('z'.repeat(7))
    .wait(2n * minute)
    .ask('w');
  const found = records(t.frames);
  assert.deepEqual(
    found.map((r) => [r.closed, r.closeType, r.isNew, r.client.payload, r.server.payload]),
    [
      [false, 5, true, 110, 0],
      [false, 5, false, 0, 7],
      [true, 5, false, 1, 0],
    ],
  );
  assert.equal(new Set(found.map((r) => `${r.ends.idHigh} ${r.ends.idLow}`)).size, 1);
});

test('a packet stamped before the one seen last still counts', () => {
  const t = talk().ask(REQUEST);
  const again = { ...t.frames.at(-1)!, time: t.time + 10_000n };
  t.wait(20_000n).answer(RESPONSE);
  t.frames.push(again);
  const [r, ...more] = records(t.acknowledge().close().frames);
  assert.equal(more.length, 0);
  assert.equal(r!.client.payload, 2 * REQUEST.length);
  assert.equal(r!.client.retransmitted, 1);
  assert.equal(r!.server.retransmitted, 0);
});

test('a flow that is silent gives its minute as time goes on', () => {
  const t = talk().ask('hello');
  assert.deepEqual(
    records(t.frames, t.time + minute).map((r) => [r.closed, r.client.payload]),
    [[false, 5]],
  );
});

test('a port used again is another flow', () => {
  const a = talk().ask('a');
  const b = new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', 80), [9000, 7000]);
  b.time = a.time;
  b.handshake().ask('bb').close();
  const found = records([...a.frames, ...b.frames]);
  assert.deepEqual(
    found.map((r) => [r.client.payload, r.closeType, r.syn]),
    [
      [1, 3, 1],
      [2, 1, 1],
    ],
  );
});

test('joined in the middle: the server is known by its port, nothing is invented', () => {
  const [c, s] = [v4('10.0.0.1', 40000), v4('10.0.0.2', 80)];
  const frames = [
    { frame: ethernet(tcp(s, c, 500, 100, Flag.ack | Flag.psh, 'abc')), time: EPOCH },
    { frame: ethernet(tcp(c, s, 100, 503, Flag.ack)), time: EPOCH + 5_000_000n },
  ];
  const [r] = records(frames);
  assert.equal(r!.ends.serverPort, 80);
  assert.deepEqual([r!.rtt, r!.clientRtt.count, r!.serverRtt.count], [0, 0, 0]);
  assert.equal(r!.closeType, 5);
  assert.deepEqual([r!.client.payload, r!.server.payload], [0, 3]);
});

test('UDP ends normally when it is silent', () => {
  const [c, s] = [v4('10.0.0.1', 40000), v4('10.0.0.2', 9999)];
  const frames = [
    { frame: ethernet(udp(c, s, 'ask')), time: EPOCH },
    { frame: ethernet(udp(s, c, 'answer')), time: EPOCH + 3_000_000n },
    { frame: ethernet(udp(s, c, 'more')), time: EPOCH + 9_000_000n },
  ];
  const found = records(frames, EPOCH + 2n * minute);
  const last = found.at(-1)!;
  assert.deepEqual([last.closed, last.closeType], [true, 1]);
  assert.deepEqual(found[0]!.art, { count: 1, sum: 3e6, maxMicros: 3000 });
});

test('ten thousand short connections: a record each, none is left', () => {
  const frames = Array.from({ length: 10_000 }, (_, i) => {
    const t = new Talk(v4(`10.0.${i >> 8}.${i & 255}`, 40000), v4('10.9.0.1', 80));
    t.time = EPOCH + BigInt(i) * 100_000n;
    return t.handshake().ask('x').close().frames;
  }).flat();
  frames.sort((a, b) => Number(a.time - b.time));
  const found = records(frames, EPOCH + minute);
  assert.equal(found.length, 10_000);
  assert.ok(found.every((r) => r.closed && r.closeType === 1));
});

test('damaged, reordered and repeated packets: nothing throws, and no packet is counted twice', () => {
  const frames = [...talk().ask(REQUEST).answer(RESPONSE).close().frames, ...talk(40001).frames];
  const step = fc.record({
    frame: fc.nat(frames.length - 1),
    edits: fc.array(fc.tuple(fc.integer({ min: 14, max: 60 }), fc.nat(255)), { maxLength: 3 }),
    wait: fc.nat(3_000_000_000),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let time = EPOCH;
      const damaged = steps.map(({ frame, edits, wait }) => {
        const bytes = Uint8Array.from(frames[frame]!.frame);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        // Clocks of several interfaces are not one: time goes back now and then.
        time += BigInt(wait) - 500_000_000n;
        return { frame: bytes, time };
      });
      const found = records(damaged);
      const packets = found.reduce((n, r) => n + r.client.packets + r.server.packets, 0);
      assert.ok(packets <= steps.length);
      for (const r of found) {
        assert.ok(r.until >= r.from);
        for (const d of [r.clientRtt, r.serverRtt, r.srt, r.art, r.cit]) {
          assert.ok(d.sum >= 0 && d.maxMicros * 1000 <= d.sum + 1, JSON.stringify(d));
        }
      }
      measure(damaged, 'delta', 1);
    }),
    { numRuns: 200 },
  );
});

type Point = {
  asInt?: string;
  count?: string;
  sum?: number;
  max?: number;
  startTimeUnixNano: string;
  timeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
};

/** Points of a metric over all batches. */
function pointsOf(json: readonly string[], name: string): Point[] {
  type Body = { dataPoints: Point[] };
  type Metric = { name: string; sum?: Body; histogram?: Body };
  return json.flatMap((text) => {
    const { resourceMetrics } = JSON.parse(text) as {
      resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[];
    };
    return resourceMetrics
      .flatMap((r) => r.scopeMetrics.flatMap((s) => s.metrics))
      .filter((m) => m.name === name)
      .flatMap((m) => (m.sum ?? m.histogram)!.dataPoints);
  });
}

function measure(
  frames: readonly Seen[],
  temporality: 'delta' | 'cumulative',
  maxSeries = 100,
): string[] {
  const pointOf = () => 'rest' as const;
  const network = new NetworkMeters({ by: 'path', maxSeries, pointOf });
  const requests = new RequestMeters({ maxSeries, pointOf });
  const writer = new MetricsWriter(
    { resource: {}, scope: 'test', temporality, intervalSeconds: 1 },
    network,
    requests,
  );
  const outcomes = new OutcomeReader({ endpointSegments: 2, obfuscate: true });
  const engine = new CaptureEngine(
    {
      protocols: [protocols.http()],
      meters: network,
      requests: (session) => {
        const outcome = outcomes.of(session, false);
        requests.add(session, outcome);
        return outcome;
      },
      onTime: (s) => writer.advance(s),
    },
    () => {},
  );
  play(engine, frames);
  engine.finish();
  writer.finish();
  const batch = writer.flush();
  return batch === undefined ? [] : [toJson(batch)];
}

const attribute = (p: Point, key: string): unknown =>
  Object.values(p.attributes.find((a) => a.key === key)?.value ?? {})[0];

test('metrics of an interval: delta points add up, cumulative ones grow', () => {
  const t = talk()
    .ask(REQUEST)
    .answer(RESPONSE)
    .wait(3n * second)
    .ask(REQUEST)
    .answer(RESPONSE);
  const delta = measure(t.close().frames, 'delta');
  const sent = pointsOf(delta, 'wirestitch.network.payload').filter(
    (p) => attribute(p, 'wirestitch.flow.sender') === 'client',
  );
  assert.deepEqual(
    sent.map((p) => Number(p.asInt)),
    [REQUEST.length, REQUEST.length],
  );
  for (const p of sent) {
    assert.equal(BigInt(p.timeUnixNano) - BigInt(p.startTimeUnixNano), second);
    assert.equal(BigInt(p.timeUnixNano) % second, 0n);
  }
  const cumulative = measure(t.frames, 'cumulative');
  const grown = pointsOf(cumulative, 'wirestitch.network.payload').filter(
    (p) => attribute(p, 'wirestitch.flow.sender') === 'client',
  );
  assert.deepEqual(
    grown.map((p) => Number(p.asInt)),
    [REQUEST.length, REQUEST.length * 2],
  );
  assert.equal(new Set(grown.map((p) => p.startTimeUnixNano)).size, 1);
  const [rtt] = pointsOf(delta, 'wirestitch.network.rtt');
  assert.deepEqual([rtt!.count, rtt!.sum, rtt!.max], ['1', 0.002, 0.002]);
  assert.equal(pointsOf(cumulative, 'wirestitch.network.rtt')[0]!.max, undefined);
  const requests = pointsOf(delta, 'wirestitch.requests');
  assert.equal(attribute(requests[0]!, 'span.name'), 'GET /a/b');
  assert.equal(attribute(requests[0]!, 'service.name'), '10.0.0.2:80');
  assert.deepEqual(
    pointsOf(delta, 'wirestitch.request.duration').map((p) => [p.count, p.sum]),
    [
      ['1', 0.001],
      ['1', 0.001],
    ],
  );
});

test('errors are counted by what they were', () => {
  const t = talk().ask(REQUEST).answer('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
  t.ask(REQUEST).close();
  const points = pointsOf(measure(t.frames, 'delta'), 'wirestitch.request.errors');
  assert.deepEqual(points.map((p) => attribute(p, 'error.type')).sort(), [
    '503',
    'connection_closed',
  ]);
});

test('series beyond the limit are added up in one that says so', () => {
  const frames = [1, 2, 3, 4, 5].flatMap(
    (n) => new Talk(v4(`10.0.0.${n}`, 40000), v4('10.0.1.1', 80)).handshake().ask('x').frames,
  );
  frames.sort((a, b) => Number(a.time - b.time));
  const points = pointsOf(measure(frames, 'delta', 2), 'wirestitch.network.flows.opened');
  assert.deepEqual(
    points.map((p) => [attribute(p, 'otel.metric.overflow') === true, p.asInt]),
    [
      [false, '1'],
      [false, '1'],
      [true, '3'],
    ],
  );
});

test('a record as an OTLP log record', () => {
  const pointOf = () => 'rest' as const;
  const writer = new FlowLogWriter({ resource: { a: 'b' }, scope: 'test', pointOf });
  assert.equal(writer.flush(), undefined);
  const t = talk().ask('x'.repeat(5)).ask('y').close();
  for (const r of records(t.frames, t.time + minute)) writer.add(r);
  const json = JSON.parse(toJson(writer.flush()!)) as {
    resourceLogs: { scopeLogs: { logRecords: Record<string, unknown>[] }[] }[];
  };
  const [record, ...more] = json.resourceLogs[0]!.scopeLogs[0]!.logRecords;
  assert.equal(more.length, 0);
  assert.equal(record!.eventName, 'flow');
  assert.equal(record!.severityText, 'INFO');
  assert.equal(record!.timeUnixNano, String(t.frames.at(-1)!.time));
  const attributes = Object.fromEntries(
    (record!.attributes as { key: string; value: Record<string, unknown> }[]).map((a) => [
      a.key,
      Object.values(a.value)[0],
    ]),
  );
  assert.equal(attributes['wirestitch.flow.client.payload'], '6');
  assert.equal(attributes['wirestitch.flow.close_type'], 'normal');
  assert.equal(attributes['wirestitch.flow.rtt'], '2000000');
  assert.equal(attributes['wirestitch.flow.client.retransmissions'], undefined);
  assert.equal(writer.count, 0);
});
