import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spanIdOf } from './ids.ts';
import { Instances } from './instances.ts';
import { SegmentsTranslator, SegmentTranslator } from './segment.ts';
import { type Attribute, itemsOf, nowMs, plain, proto, segment, spansOf } from './testing.ts';

const segmentId = '11112222333344445555666677778888';
const tags = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs).map(([key, value]) => ({ key, value }));

/** Attributes of the one span, without those that all have. */
function attributesOf(span: object): Record<string, unknown> {
  const [{ attributes }] = spansOf(segment([span]));
  for (const key of ['sw8.trace_id', 'sw8.segment_id', 'sw8.span_id']) delete attributes[key];
  return attributes;
}

describe('a span', () => {
  it('has the ids, times and name of the segment and its own', () => {
    const [root, child] = spansOf(segment([{}, { spanId: 1, parentSpanId: 0 }]));
    assert.equal(root.traceId, 'aaaabbbbccccddddeeeeffff00001111');
    assert.equal(root.spanId, spanIdOf(segmentId, 0));
    assert.equal(root.parentSpanId, undefined);
    assert.equal(child.parentSpanId, root.spanId);
    assert.equal(child.name, 'op');
    assert.equal(root.startTimeUnixNano, `${nowMs}000000`);
    assert.equal(root.endTimeUnixNano, `${nowMs + 10}000000`);
    assert.deepEqual(root.resource, { 'service.name': 'svc', 'service.instance.id': 'one' });
    assert.deepEqual(child.attributes, {
      'sw8.trace_id': 'aaaabbbbccccddddeeeeffff00001111',
      'sw8.segment_id': segmentId,
      'sw8.span_id': 1,
      'sw8.parent_span_id': 0,
    });
  });

  it('has a kind by type and layer', () => {
    const kind = (spanType: string, spanLayer: string) =>
      spansOf(segment([{ spanType, spanLayer }]))[0].kind;
    assert.deepEqual(
      ['Entry', 'Exit', 'Local'].map((type) => kind(type, 'Http')),
      [2, 3, 1],
    );
    assert.deepEqual(
      ['Entry', 'Exit', 'Local'].map((type) => kind(type, 'MQ')),
      [5, 4, 1],
    );
  });

  it('has times to the millisecond, up to the last that fits', () => {
    for (const ms of [0, 1, 999, 4_294_967_295, 4_294_967_296, nowMs, 18_446_744_073_709]) {
      const [span] = spansOf(segment([{ startTime: ms, endTime: ms }]));
      assert.equal(span.startTimeUnixNano, `${BigInt(ms) * 1_000_000n}`);
    }
  });

  it('says its layer, component and flags', () => {
    const span = { spanLayer: 'MQ', componentId: 40, spanType: 'Exit', skipAnalysis: true };
    assert.deepEqual(attributesOf(span), {
      'sw8.span_layer': 'MQ',
      'messaging.operation.type': 'send',
      'sw8.component_id': 40,
      'sw8.component': 'kafka-producer',
      'messaging.system': 'kafka',
      'sw8.skip_analysis': true,
    });
    assert.deepEqual(attributesOf({ componentId: 23, spanLayer: 'RPCFramework' }), {
      'sw8.span_layer': 'RPCFramework',
      'sw8.component_id': 23,
      'sw8.component': 'GRPC',
      'rpc.system.name': 'grpc',
    });
    assert.deepEqual(attributesOf({ componentId: 99_999, spanLayer: 77 }), {
      'sw8.span_layer': 77,
      'sw8.component_id': 99_999,
    });
    assert.deepEqual(attributesOf({ componentId: -5 }), { 'sw8.component_id': -5 });
    const [first, second] = spansOf(segment([{}, { spanId: 1 }], { isSizeLimited: true }));
    assert.equal(first.attributes['sw8.segment_size_limited'], true);
    assert.equal(second.attributes['sw8.segment_size_limited'], undefined);
  });

  it('says who is at the other end', () => {
    const peer = (text: string, spanType = 'Exit', spanLayer = 'Unknown') => {
      const found = attributesOf({ peer: text, spanType, spanLayer });
      delete found['sw8.span_layer'];
      delete found['messaging.operation.type'];
      return found;
    };
    assert.deepEqual(peer('db:3306'), { 'server.address': 'db', 'server.port': 3306 });
    assert.deepEqual(peer('[::1]:80'), { 'server.address': '::1', 'server.port': 80 });
    for (const whole of [
      'host',
      '::1',
      'a:1,b:2',
      'a:1;b:2',
      'h:0',
      'h:65536',
      'h:',
      ':1',
      'h:1x',
    ]) {
      assert.deepEqual(peer(whole), { 'server.address': whole }, whole);
    }
    const client = { 'client.address': '10.0.0.1', 'client.port': 5000 };
    assert.deepEqual(peer('10.0.0.1:5000', 'Entry'), client);
    const broker = { 'server.address': 'kafka', 'server.port': 9092 };
    assert.deepEqual(peer('kafka:9092', 'Entry', 'MQ'), broker);
    assert.deepEqual(peer('x:1', 'Local'), { 'sw8.peer': 'x:1' });
  });

  it('of an error says so, with what the log says', () => {
    const data = tags({
      event: 'error',
      'error.kind': 'E',
      message: 'no',
      stack: 'at x',
      more: '1',
    });
    const [span] = spansOf(
      segment([
        {
          isError: true,
          logs: [
            { time: nowMs, data },
            { time: nowMs + 1, data },
          ],
        },
      ]),
    );
    assert.deepEqual(span.status, { code: 2, message: 'no' });
    assert.equal(span.events.length, 2);
    const [event] = span.events;
    assert.equal(event.name, 'exception');
    assert.equal(event.timeUnixNano, `${nowMs}000000`);
    assert.deepEqual(plain(event.attributes), {
      'exception.type': 'E',
      'exception.message': 'no',
      'exception.stacktrace': 'at x',
      more: '1',
    });
    const [bare] = spansOf(segment([{ isError: true }]));
    assert.deepEqual(bare.status, { code: 2 });
    assert.equal(spansOf(segment([{}]))[0].status, undefined);
  });

  it('has logs as events named by what they say', () => {
    const log = (pairs: Record<string, string>) => ({ time: nowMs, data: tags(pairs) });
    const logs = [log({ event: 'retry', n: '2' }), log({ text: 'x' }), { time: nowMs, data: [] }];
    const [{ events }] = spansOf(segment([{ logs }]));
    assert.deepEqual(
      events.map((e: { name: string; attributes?: Attribute[] }) => [e.name, plain(e.attributes)]),
      [
        ['retry', { n: '2' }],
        ['log', { text: 'x' }],
        ['log', {}],
      ],
    );
  });

  it('has the message of a stack that stands alone', () => {
    const message = (pairs: Record<string, string>) => {
      const logs = [{ time: nowMs, data: tags(pairs) }];
      const [{ status }] = spansOf(segment([{ isError: true, logs }]));
      return status.message;
    };
    assert.equal(message({ Stack: 'Error: gone\n  at a\n  at b' }), 'Error: gone');
    assert.equal(message({ Traceback: 'Traceback:\n  File\nValueError: x\n' }), 'ValueError: x');
    assert.equal(message({ Stack: '' }), undefined);
  });
});

describe('tags', () => {
  it('become attributes of OpenTelemetry where it has them', () => {
    const found = attributesOf({
      tags: tags({
        url: 'https://h/p?q',
        'http.method': 'GET',
        'http.status_code': '404',
        'db.type': 'Oracle',
        'db.instance': 'main',
        'db.statement': 'SELECT é',
        'mq.topic': 'orders',
        'mq.broker': 'k:9092',
        'rpc.status_code': 'OK',
        other: '',
      }),
    });
    assert.deepEqual(found, {
      'url.full': 'https://h/p?q',
      'http.request.method': 'GET',
      'http.response.status_code': 404,
      'db.system.name': 'oracle.db',
      'db.namespace': 'main',
      'db.query.text': 'SELECT é',
      'messaging.destination.name': 'orders',
      'server.address': 'k',
      'server.port': 9092,
      'rpc.response.status_code': 'OK',
      other: '',
    });
  });

  it('with paths for URLs', () => {
    const url = (text: string) => attributesOf({ tags: tags({ 'http.url': text }) });
    assert.deepEqual(url('/a/b?c=d?e'), { 'url.path': '/a/b', 'url.query': 'c=d?e' });
    assert.deepEqual(url('/a'), { 'url.path': '/a' });
    assert.deepEqual(url('host/a'), { 'http.url': 'host/a' });
    assert.deepEqual(url('://x'), { 'http.url': '://x' });
    assert.deepEqual(url(''), { 'http.url': '' });
  });

  it('keep their own key when the value does not fit or the attribute is taken', () => {
    const list = [
      ...tags({ status_code: 'OK', 'http.status_code': '200' }),
      { key: 'http.status.code', value: '201' },
      ...tags({ 'mq.queue': 'a', 'mq.topic': 'b', 'mq.broker': 'x:1', 'server.address': 'y' }),
      ...tags({ 'sw8.span_id': '9', 'http.response.status_code': 'z' }),
    ];
    assert.deepEqual(attributesOf({ peer: 'p:2', spanType: 'Exit', tags: list }), {
      'server.address': 'p',
      'server.port': 2,
      status_code: 'OK',
      'http.response.status_code': 200,
      'http.status.code': '201',
      'messaging.destination.name': 'a',
      'mq.topic': 'b',
      'mq.broker': 'x:1',
      'server.address.2': 'y',
      'sw8.span_id.2': '9',
      'http.response.status_code.2': 'z',
    });
  });

  it('that come again are numbered, few or many', () => {
    const repeated = (times: number) =>
      attributesOf({
        tags: Array.from({ length: times }, (_, i) => ({ key: 'k', value: `${i}` })),
      });
    assert.deepEqual(repeated(3), { k: '0', 'k.2': '1', 'k.3': '2' });
    const many = repeated(100);
    assert.equal(Object.keys(many).length, 100);
    assert.equal(many['k.100'], '99');
  });

  it('of the attributes that are written stay texts when they are none', () => {
    assert.deepEqual(attributesOf({ tags: tags({ 'server.port': 'x', 'url.full': 'u' }) }), {
      'server.port': 'x',
      'url.full': 'u',
    });
  });
});

describe('references', () => {
  const ref = (given: object) => ({
    refType: 'CrossProcess',
    traceId: 'aaaabbbbccccddddeeeeffff00001111',
    parentTraceSegmentId: '99990000999900009999000099990000',
    parentSpanId: 3,
    ...given,
  });

  it('give the parent, and a link each with all they say', () => {
    const all = ref({
      parentService: 'front',
      parentServiceInstance: 'front-1',
      parentEndpoint: '/in',
      networkAddressUsedAtPeer: '10.0.0.1:80',
    });
    const [span] = spansOf(segment([{ refs: [all] }]));
    assert.equal(span.parentSpanId, spanIdOf('99990000999900009999000099990000', 3));
    const [link] = span.links;
    assert.equal(link.spanId, span.parentSpanId);
    assert.equal(link.traceId, span.traceId);
    assert.deepEqual(plain(link.attributes), {
      refType: 'CrossProcess',
      'sw8.trace_id': 'aaaabbbbccccddddeeeeffff00001111',
      'sw8.parent_segment_id': '99990000999900009999000099990000',
      'sw8.parent_span_id': '3',
      'parent.service': 'front',
      'parent.service.instance': 'front-1',
      'parent.endpoint': '/in',
      'network.AddressUsedAtPeer': '10.0.0.1:80',
    });
  });

  it('of other traces are links only; the first of the own trace is the parent', () => {
    const other = ref({ traceId: 'ffffffffffffffffffffffffffffffff', refType: 'CrossThread' });
    const own = ref({ parentSpanId: 7 });
    const [span] = spansOf(segment([{ refs: [other, own, ref({})] }]));
    assert.equal(span.parentSpanId, spanIdOf('99990000999900009999000099990000', 7));
    assert.equal(span.links.length, 3);
    assert.equal(span.links[0].traceId, 'ffffffffffffffffffffffffffffffff');
    assert.equal(plain(span.links[0].attributes).refType, 'CrossThread');
    assert.equal(spansOf(segment([{ refs: [other] }]))[0].parentSpanId, undefined);
  });

  it('to a span of OpenTelemetry are that span', () => {
    const [span] = spansOf(
      segment([{ refs: [ref({ parentTraceSegmentId: '00f067aa0ba902b7', parentSpanId: 0 })] }]),
    );
    assert.equal(span.parentSpanId, '00f067aa0ba902b7');
  });
});

describe('a segment of another trace', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('moves there when a tag names it', () => {
    const [root, child] = spansOf(
      segment([{ tags: tags({ traceparent }) }, { spanId: 1, parentSpanId: 0 }]),
    );
    assert.equal(root.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
    assert.equal(child.traceId, root.traceId);
    assert.equal(root.parentSpanId, '00f067aa0ba902b7');
    assert.equal(root.attributes['sw8.trace_id'], 'aaaabbbbccccddddeeeeffff00001111');
    assert.equal(root.attributes.traceparent, traceparent);
  });

  it('is linked when collected headers name it', () => {
    const headers = `traceparent=[${traceparent}]\nx=[1]`;
    const [root, child] = spansOf(
      segment([{ tags: tags({ 'http.headers': headers }) }, { spanId: 1, parentSpanId: 0 }]),
    );
    assert.equal(root.traceId, 'aaaabbbbccccddddeeeeffff00001111');
    assert.equal(root.links[0].traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
    assert.equal(root.links[0].spanId, '00f067aa0ba902b7');
    assert.equal(child.links, undefined);
  });

  it('is its own when the tag is none', () => {
    const none = '00-00000000000000000000000000000000-00f067aa0ba902b7-01';
    for (const text of ['', 'x', none, traceparent.replace(/^00/, 'ff'), 'traceparent']) {
      const [root] = spansOf(segment([{ tags: tags({ traceparent: text }) }]));
      assert.equal(root.traceId, 'aaaabbbbccccddddeeeeffff00001111');
      assert.equal(root.links, undefined);
    }
  });
});

describe('segments', () => {
  it('of one instance share a resource, which changes with what is known of it', () => {
    const instances = new Instances();
    const translator = new SegmentTranslator(instances);
    const add = (bytes: Buffer): void => translator.add(bytes, 0, bytes.length);
    add(segment([{}]));
    add(segment([{}]));
    add(segment([{}], { serviceInstance: 'two' }));
    instances.report('svc', 'two', [
      { key: 'hostname', value: 'h' },
      { key: 'ipv4s', value: '10.0.0.1,10.0.0.2' },
    ]);
    add(segment([{}], { serviceInstance: 'two' }));
    const batch = translator.finish();
    assert.equal(batch.itemCount, 4);
    const groups = Buffer.concat(batch.ranges()).toString('latin1').split('service.name').length;
    assert.equal(groups - 1, 3);
    const spans = itemsOf(batch);
    assert.deepEqual(spans[3].resource, {
      'service.name': 'svc',
      'service.instance.id': 'two',
      'host.name': 'h',
      'host.ip': ['10.0.0.1', '10.0.0.2'],
    });
  });

  it('that are bad leave nothing behind', () => {
    const translator = new SegmentTranslator(new Instances());
    const good = segment([{}]);
    const bad: (readonly [Buffer, RegExp])[] = [
      [segment([{}], { traceId: '' }), /without traceId/],
      [segment([{}], { traceSegmentId: '' }), /without traceSegmentId/],
      [segment([{}, { startTime: -1 }]), /start time -1 ms/],
      [segment([{}, { endTime: 18_446_744_073_710 }]), /end time 18446744073710 ms/],
      [segment([{ logs: [{ time: -7, data: [] }] }]), /time of a log -7 ms/],
      [good.subarray(0, good.length - 1), /length \d+ of \d+ bytes/],
      [Buffer.concat([good, Buffer.of(0)]), /field number 0/],
      [Buffer.concat([good, Buffer.of(0x1b)]), /wire type 3/],
      [Buffer.concat([good, Buffer.of(0x80)]), /a varint does not end/],
      [Buffer.from(good).fill(0xff, good.indexOf('op'), good.indexOf('op') + 2), /not valid UTF-8/],
    ];
    for (const [bytes, text] of bad) {
      translator.add(good, 0, good.length);
      assert.throws(() => translator.add(bytes, 0, bytes.length), { message: text });
    }
    const batch = translator.finish();
    assert.equal(batch.itemCount, bad.length);
    assert.equal(itemsOf(batch).length, bad.length);
  });

  it('in one message: the good ones are kept', () => {
    const translator = new SegmentsTranslator(new Instances());
    const one = (given: object) => ({
      traceId: 'aaaabbbbccccddddeeeeffff00001111',
      traceSegmentId: segmentId,
      service: 'svc',
      spans: [{ parentSpanId: -1, startTime: nowMs, endTime: nowMs }],
      ...given,
    });
    const all = proto('Segments', { segments: [one({}), one({ traceId: '' }), one({})] });
    assert.throws(() => translator.add(all, 0, all.length), /1 of 3 segments: .* without traceId/);
    assert.equal(translator.finish().itemCount, 2);
  });

  it('without spans are nothing', () => {
    const translator = new SegmentTranslator(new Instances());
    const bytes = segment([]);
    translator.add(bytes, 0, bytes.length);
    assert.equal(translator.finish().itemCount, 0);
  });
});
