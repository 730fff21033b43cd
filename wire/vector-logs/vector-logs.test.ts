import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { BrokenText, elements } from './elements.ts';
import { readVectorLogs, refusedText } from './read.ts';
import { severityOf } from './severity.ts';
import { nanosOf } from './time.ts';

const nowNs = 1_700_000_000_000_000_001n;
const read = (text: string) => readVectorLogs(Buffer.from(text), nowNs);

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const plain = (pairs: readonly Pair[] = []) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

function contents(text: string) {
  const { batch, refused, reasons } = read(text);
  const resources = batch === undefined ? [] : JSON.parse(toJson(batch)).resourceLogs;
  return { resources, refused, reasons };
}

const bodies = (text: string): unknown[] =>
  contents(text).resources.flatMap((one: { scopeLogs: { logRecords: object[] }[] }) =>
    one.scopeLogs[0]!.logRecords.map((record) => (record as { body: Pair['value'] }).body),
  );

// What Vector's kubernetes_logs and DeepFlow's documented remap make, with made-up names.
const kubernetesEvent = {
  _df_log_type: 'user',
  app_service: 'shop',
  file: '/var/log/pods/default_shop-5d/shop/0.log',
  json: { logger: 'cart', lines: 3, file: 'cart.go' },
  kubernetes: {
    container_id: 'containerd://0123abcd',
    container_image: 'registry:5000/shop/cart:1.2',
    container_name: 'cart',
    namespace_labels: '',
    node_labels: { zone: 'a' },
    pod_ip: '10.1.2.3',
    pod_ips: ['10.1.2.3'],
    pod_labels: { app: 'shop' },
    pod_name: 'shop-5d',
    pod_namespace: 'default',
    pod_node_name: 'node-1',
    pod_uid: 'f00d',
  },
  level: 'warning',
  message: 'nothing left',
  source_type: 'kubernetes_logs',
  span_id: '00f067aa0ba902b7',
  stream: 'stderr',
  timestamp: '2024-05-23T10:26:47.038297752+08:00',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
};

test('an event of a pod', () => {
  const { resources, refused } = contents(JSON.stringify([kubernetesEvent]));
  assert.equal(refused, 0);
  assert.deepEqual(plain(resources[0].resource.attributes), {
    'service.name': 'shop',
    'container.id': '0123abcd',
    'container.image.name': 'registry:5000/shop/cart',
    'container.image.tags': { values: [{ stringValue: '1.2' }] },
    'k8s.container.name': 'cart',
    'k8s.node.label.zone': 'a',
    'k8s.pod.ip': '10.1.2.3',
    'kubernetes.pod_ips': { values: [{ stringValue: '10.1.2.3' }] },
    'k8s.pod.label.app': 'shop',
    'k8s.pod.name': 'shop-5d',
    'k8s.namespace.name': 'default',
    'k8s.node.name': 'node-1',
    'k8s.pod.uid': 'f00d',
  });
  const [record] = resources[0].scopeLogs[0].logRecords;
  const { attributes, body, ...rest } = record;
  assert.deepEqual(body, { stringValue: 'nothing left' });
  assert.deepEqual(plain(attributes), {
    _df_log_type: 'user',
    'log.file.path': '/var/log/pods/default_shop-5d/shop/0.log',
    source_type: 'kubernetes_logs',
    'log.iostream': 'stderr',
    logger: 'cart',
    lines: '3',
    file: 'cart.go',
  });
  assert.deepEqual(rest, {
    timeUnixNano: '1716431207038297752',
    observedTimeUnixNano: '1700000000000000001',
    severityNumber: 13,
    severityText: 'warning',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
  });
});

test('arrays, lines and one object', () => {
  const expected = [{ stringValue: 'a' }, { stringValue: 'b' }];
  for (const text of [
    '[{"message":"a"},{"message":"b"}]',
    ' [ {"message":"a"} ,\n{"message":"b"} ] \n',
    '{"message":"a"}\n{"message":"b"}\n',
    '{"message":"a"},{"message":"b"}',
    '{"message":"a"}{"message":"b"}',
  ]) {
    assert.deepEqual(bodies(text), expected, text);
  }
  for (const text of ['', ' \n', '[]', ' [ ] ']) {
    assert.deepEqual(read(text), { batch: undefined, refused: 0, reasons: [] }, text);
  }
});

test('events of one resource after the other share it', () => {
  const event = (app_service: string) => ({ app_service, message: 'x' });
  const { resources } = contents(JSON.stringify(['a', 'a', 'b', 'a'].map(event)));
  const services = resources.map((one: { resource: { attributes: Pair[] } }) =>
    plain(one.resource.attributes),
  );
  assert.deepEqual(services, [
    { 'service.name': 'a' },
    { 'service.name': 'b' },
    { 'service.name': 'a' },
  ]);
});

test('what is bad is refused with its number, the rest is kept', () => {
  const long = 'x'.repeat(1 << 20);
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
  const invalid = Buffer.from('[{"message":"\xff"},{"message":"kept"}]', 'latin1');
  const cases: [string, string][] = [
    ['{"level":"info"}', 'event 0: it has no message'],
    ['{"message":""}', 'event 0: it has no message'],
    ['{"message":"a","timestamp":"yesterday"}', 'event 0: its timestamp "yesterday" is no time'],
    ['{"message":"a","timestamp":17}', 'event 0: its timestamp 17 is no time'],
    ['"text"', 'event 0: it is no object'],
    ['[1]', 'event 0: it is no object'],
    ['{"message":}', 'event 0: it is no valid JSON'],
    [`{"message":${deep}}`, 'event 0: it is nested deeper than 64'],
    [`{"message":"${long}"}`, 'event 0: it is over 1048576 bytes'],
  ];
  for (const [bad, reason] of cases) {
    const { batch, refused, reasons } = read(`[${bad},{"message":"kept"}]`);
    assert.equal(refused, 1, bad.slice(0, 50));
    assert.ok(reasons[0]!.startsWith(reason), `${reasons[0]} for ${bad.slice(0, 50)}`);
    assert.equal(batch?.itemCount, 1);
  }
  assert.match(readVectorLogs(invalid, nowNs).reasons[0]!, /^event 0: it is no valid UTF-8/);
  assert.equal(readVectorLogs(invalid, nowNs).batch?.itemCount, 1);
});

test('what came before the place where a text is broken is kept', () => {
  const cases: [string, string][] = [
    ['[{"message":"a"}', 'an array that does not end at byte 16'],
    ['[{"message":"a"},', 'no value at byte 17'],
    ['[{"message":"a"},]', 'no value at byte 17'],
    ['[{"message":"a"}] [', 'more than one array at byte 18'],
    ['[{"message":"a"},{"message":"b', 'a text that does not end at byte 28'],
    ['{"message":"a"}]', 'no value at byte 15'],
  ];
  for (const [text, reason] of cases) {
    const { batch, refused, reasons } = read(text);
    assert.deepEqual([batch?.itemCount, refused, reasons], [1, 1, [`event 1: ${reason}`]], text);
  }
  const many = read(`[${'1,'.repeat(30)}{"message":"a"}]`);
  assert.match(
    refusedText(many),
    /^30 of 31 events are refused: event 0: .*; event 9: [^;]*; \.\.\.$/,
  );
});

test('times', () => {
  assert.equal(nanosOf('1970-01-01T00:00:00Z'), 0n);
  assert.equal(nanosOf('2024-02-29T23:59:59.5z'), 1_709_251_199_500_000_000n);
  assert.equal(nanosOf('2024-01-01T00:00:00.1234567891Z'), 1_704_067_200_123_456_789n);
  for (const bad of ['', '2024-02-30T00:00:00Z', '2023-02-29T00:00:00Z', '2024-01-01T25:00:00Z']) {
    assert.equal(nanosOf(bad), undefined, bad);
  }
  for (const bad of ['2024-01-01', '2024-01-01T00:00:00', '1969-12-31T23:59:59Z', '1e3']) {
    assert.equal(nanosOf(bad), undefined, bad);
  }
  assert.equal(nanosOf('9999-01-01T00:00:00Z'), undefined);
});

test('words for severities', () => {
  const words = [
    'info',
    'INFO3',
    'Warning',
    'FATAL4',
    'crit',
    'erro',
    'panic',
    'INFO5',
    'good',
    '',
  ];
  assert.deepEqual(words.map(severityOf), [9, 11, 13, 24, 21, 17, 24, 0, 0, 0]);
});

test('ids that are none stay attributes', () => {
  const ids = { trace_id: 'abc', span_id: '0000000000000000' };
  const { resources } = contents(JSON.stringify({ message: { a: 1 }, ...ids }));
  const [record] = resources[0].scopeLogs[0].logRecords;
  assert.deepEqual(plain(record.attributes), ids);
  assert.equal(record.traceId ?? '', '');
  assert.ok('kvlistValue' in record.body);
});

test('elements are those of JSON.parse', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 2), (values, indent) => {
      const bytes = Buffer.from(JSON.stringify(values, undefined, indent));
      const found = [...elements(bytes)].map(({ start, end }) =>
        JSON.parse(bytes.subarray(start, end).toString()),
      );
      assert.deepEqual(found, JSON.parse(bytes.toString()));
    }),
    { numRuns: 300 },
  );
});

test('any bytes are read or refused', () => {
  const pieces = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    '"',
    '\\',
    ',',
    ':',
    ' ',
    '\n',
    '"message":"a"',
    '"timestamp":',
    'null',
    '1e999',
    '{"message":"a"}',
    '"__proto__":',
    '"json":{"a":1}',
    '"kubernetes":{"pod_ip":"1"}',
    '\u0000',
    '\ud800',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const bytes = Buffer.from(parts.join(''));
      const { batch, refused, reasons } = readVectorLogs(bytes, nowNs);
      assert.equal(reasons.length, Math.min(10, refused));
      assert.ok((batch?.backingBytes ?? 0) <= 8 * bytes.length);
      try {
        const count = [...elements(bytes)].length;
        assert.equal(count, refused + (batch?.itemCount ?? 0));
      } catch (error) {
        assert.ok(error instanceof BrokenText);
        assert.ok(error.at <= bytes.length);
      }
    }),
    { numRuns: 1000 },
  );
});
