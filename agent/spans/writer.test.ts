import assert from 'node:assert/strict';
import test from 'node:test';
import { toJson } from '../../pdata/json.ts';
import type { ObservationPoint } from '../../wire/observation/points.ts';
import { spanIdOf, traceIdOf } from '../../wire/skywalking/ids.ts';
import { CaptureEngine } from '../engine.ts';
import { protocols } from '../l7/registry.ts';
import { CaptureReader } from '../pcap/reader.ts';
import { pcapFile, Talk, v4, v6 } from '../testing/frames.ts';
import { SpanWriter } from './writer.ts';

type Value = string | number | readonly unknown[] | boolean;

interface Span {
  readonly service: string;
  readonly resource: Readonly<Record<string, Value>>;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly [key: string]: unknown;
}

interface Json {
  readonly [key: string]: unknown;
}

function plain(value: Json): Value {
  if (value.stringValue !== undefined) return value.stringValue as string;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.boolValue !== undefined) return value.boolValue as boolean;
  return ((value.arrayValue as Json).values as Json[]).map(plain);
}

function attributesOf(list: unknown): Record<string, Value> {
  const all = (list ?? []) as { key: string; value: Json }[];
  const names = all.map((a) => a.key);
  assert.equal(new Set(names).size, names.length, `a key twice: ${names}`);
  return Object.fromEntries(all.map((a) => [a.key, plain(a.value)]));
}

/** Spans of some connections, as OTLP/JSON has them. */
function spansOf(talks: readonly Talk[], point: ObservationPoint = 'rest', name = ''): Span[] {
  const writer = new SpanWriter({
    captureName: name,
    source: 'packet',
    observationPoint: point,
    endpointSegments: 2,
  });
  const engine = new CaptureEngine({ protocols: [protocols.http()] }, (s, b) => writer.add(s, b));
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(pcapFile(talks.flatMap((t) => t.frames)));
  reader.end();
  engine.finish();
  const batch = writer.flush();
  assert.equal(writer.flush(), undefined);
  if (batch === undefined) return [];
  const { resourceSpans } = JSON.parse(toJson(batch));
  return resourceSpans.flatMap((r: Json) => {
    const resource = attributesOf((r.resource as Json).attributes);
    const scopes = r.scopeSpans as { spans: Json[] }[];
    return scopes.flatMap(({ spans }) =>
      spans.map((s) => ({
        ...s,
        service: resource['service.name'],
        resource,
        attributes: attributesOf(s.attributes),
      })),
    );
  });
}

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

function exchange(status: string, headers = '', port = 80): Talk {
  const t = new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', port)).handshake();
  t.ask(`GET /a/b/c?sig=x HTTP/1.1\r\nHost: shop\r\n${headers}\r\n`);
  return t
    .answer(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\nX-Request-ID: back\r\n\r\nok`)
    .close();
}

test('a span at an unknown place describes the server', () => {
  const [span, ...rest] = spansOf([exchange('200 OK', 'X-Request-ID: there\r\n')], 'rest', 'probe');
  assert.deepEqual(rest, []);
  assert.deepEqual(span?.resource, {
    'service.name': '10.0.0.2:80',
    'wirestitch.service.from': 'address',
    'wirestitch.capture.source': 'packet',
    'wirestitch.capture.name': 'probe',
  });
  assert.equal(span?.name, 'GET /a/b');
  assert.equal(span?.kind, 2);
  assert.equal(span?.startTimeUnixNano, '1700000000003000000');
  assert.equal(span?.endTimeUnixNano, '1700000000004000000');
  assert.match(span?.traceId as string, /^[0-9a-f]{32}$/);
  assert.match(span?.spanId as string, /^[0-9a-f]{16}$/);
  assert.equal(span?.parentSpanId ?? '', '');
  const flow = span?.attributes['wirestitch.flow.id'];
  assert.match(flow as string, /^[0-9a-f]{16}$/);
  assert.deepEqual(span?.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/a/b/c',
    'url.query': 'sig=REDACTED',
    'http.request.header.host': ['shop'],
    'http.request.body.size': 0,
    'http.request.size': 62,
    'wirestitch.endpoint': '/a/b',
    'http.response.status_code': 200,
    'http.response.body.size': 2,
    'http.response.size': 60,
    'network.protocol.version': '1.1',
    'network.protocol.name': 'http',
    'network.transport': 'tcp',
    'network.type': 'ipv4',
    'client.address': '10.0.0.1',
    'client.port': 40000,
    'server.address': '10.0.0.2',
    'server.port': 80,
    'network.peer.address': '10.0.0.1',
    'network.peer.port': 40000,
    'wirestitch.observation_point': 'rest',
    'wirestitch.capture.interface': 0,
    'wirestitch.flow.id': flow,
    'wirestitch.tcp.request_sequence': 1001,
    'wirestitch.tcp.response_sequence': 5001,
    'wirestitch.request.head': '688519f2fd3e82e9',
    'wirestitch.request_id.request': 'there',
    'wirestitch.request_id.response': 'back',
    'wirestitch.response.delay': 1_000_000,
    'wirestitch.response.head': '9b540e08707a6395',
  });
});

test('a span at the client describes the client', () => {
  const [span] = spansOf([exchange('404 Not Found', '', 8080)], 'client_nic');
  assert.equal(span?.service, '10.0.0.1');
  assert.equal(span?.kind, 3);
  assert.equal(span?.attributes['network.peer.port'], 8080);
  assert.equal(span?.attributes['url.full'], 'http://shop/a/b/c?sig=REDACTED');
  assert.equal(span?.attributes['error.type'], '404');
  assert.deepEqual(span?.status, { code: 2 });
});

test('a client error is no error of the server, a server error is', () => {
  assert.deepEqual(spansOf([exchange('404 No')])[0]?.attributes['error.type'], undefined);
  const [span] = spansOf([exchange('500 No')]);
  assert.deepEqual([span?.attributes['error.type'], span?.status], ['500', { code: 2 }]);
});

test('a trace context of the request is taken over', () => {
  const headers = `traceparent: 00-${trace}-00f067aa0ba902b7-01\r\ntracestate: a=b\r\n`;
  const [span] = spansOf([exchange('200 OK', headers)]);
  assert.equal(span?.traceId, trace);
  assert.equal(span?.parentSpanId, '00f067aa0ba902b7');
  assert.equal(span?.traceState, 'a=b');
  assert.equal(span?.attributes['wirestitch.trace_header.name'], 'traceparent');
  const [sw8] = spansOf([exchange('200 OK', 'sw8: 1-VFJBQ0U=-U0VH-3-c-d-e-f\r\n')]);
  assert.equal(sw8?.traceId, traceIdOf('TRACE'));
  assert.equal(sw8?.parentSpanId, spanIdOf('SEG', 3));
  assert.equal(sw8?.attributes['wirestitch.trace_header.trace_id'], 'TRACE');
  assert.equal(sw8?.attributes['wirestitch.trace_header.span_id'], 'SEG-3');
});

test('no response: an error with its reason', () => {
  const t = new Talk(v4('127.0.0.1', 40000), v4('127.0.0.1', 80)).handshake();
  const [span] = spansOf([t.ask('GET / HTTP/1.1\r\nHost: h\r\n\r\n').close()]);
  assert.equal(span?.attributes['error.type'], 'connection_closed');
  assert.equal(span?.attributes['wirestitch.session.reason'], 'connection_closed');
  assert.equal(span?.attributes['wirestitch.observation_point'], 'local');
});

test('ids: the same for the same capture, others for others, never zero', () => {
  const talks = [exchange('200 OK'), exchange('200 OK', '', 81), exchange('200 OK', '', 82)];
  const ids = (name: string) => spansOf(talks, 'rest', name).map((s) => `${s.traceId} ${s.spanId}`);
  const first = ids('');
  assert.deepEqual(ids(''), first);
  assert.equal(new Set([...first, ...ids('other')]).size, 6);
});

test('spans of one service are together', () => {
  const of = (port: number) => {
    const t = new Talk(v6(1, port), v6(2, 80)).handshake();
    return t.ask('GET / HTTP/1.1\r\n\r\n').answer('HTTP/1.1 204 No\r\n\r\n').close();
  };
  const spans = spansOf([of(1000), exchange('200 OK'), of(1001)]);
  assert.deepEqual(
    spans.map((s) => s.service),
    ['[fd00::2]:80', '[fd00::2]:80', '10.0.0.2:80'],
  );
});
