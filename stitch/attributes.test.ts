import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lookup, readOrigin, readSpan } from './attributes.ts';

const lookup =
  (values: Record<string, string | bigint>): Lookup =>
  (key) =>
    values[key];

const head = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: '',
  startNs: 1n,
  endNs: 2n,
  kind: 2,
  service: 's',
};

test('host and process of a resource', () => {
  const captured = { 'wirestitch.capture.source': 'packet' };
  assert.deepEqual(readOrigin(lookup({ 'host.id': 'h', 'process.pid': 5n, ...captured })), {
    host: 'h',
    process: 'h/5',
    captured: true,
  });
  const named = readOrigin(lookup({ 'host.name': 'n', 'process.pid': '5' }));
  assert.deepEqual(named, { host: 'n', process: '', captured: false });
  assert.deepEqual(readOrigin(lookup({ 'process.pid': 5n })).process, '');
});

const captured = { host: '', process: '', captured: true };

test('what rules read of a captured span', () => {
  const span = readSpan(
    head,
    captured,
    lookup({
      'wirestitch.observation_point': 'server_nic',
      'network.transport': 'tcp',
      'client.address': '10.0.0.1',
      'client.port': 4000n,
      'server.address': '10.0.0.2',
      'server.port': 80n,
      'wirestitch.tcp.request_sequence': 0n,
      'wirestitch.tcp.response_sequence': 0xffff_ffffn,
      'wirestitch.syscall.trace_id.request': '00000000000000aa',
      'wirestitch.request_id.request': 'r',
      'wirestitch.request.incomplete': 'lost',
      'wirestitch.session.reason': 'timeout',
      'wirestitch.business.id': 'order 1',
      'url.path': '/',
      'http.response.status_code': 200n,
    }),
  );
  const { facts, ...rest } = span.capture!;
  assert.deepEqual(
    [...facts],
    [
      ['url.path', '/'],
      ['http.response.status_code', '200'],
    ],
  );
  assert.deepEqual(rest, {
    point: 'server_nic',
    transport: 'tcp',
    clientAddress: '10.0.0.1',
    clientPort: 4000,
    serverAddress: '10.0.0.2',
    serverPort: 80,
    requestSequence: 0,
    responseSequence: 0xffff_ffff,
    requestHead: '',
    responseHead: '',
    syscallRequest: '00000000000000aa',
    syscallResponse: '',
    requestId: 'r',
    responseRequestId: '',
    headerTraceId: '',
    headerSpanId: '',
    businessIds: ['order 1'],
    answered: false,
    cut: true,
  });
});

test('an id of zeros, a sequence out of range and an unknown place are not known', () => {
  const { capture } = readSpan(
    head,
    captured,
    lookup({
      'wirestitch.observation_point': 'moon',
      'wirestitch.syscall.trace_id.request': '0000000000000000',
      'wirestitch.request.head': '0',
      'wirestitch.tcp.request_sequence': 0x1_0000_0000n,
      'wirestitch.tcp.response_sequence': -1n,
      'client.port': 'x',
    }),
  );
  const { point, syscallRequest, requestHead, requestSequence, responseSequence } = capture!;
  assert.deepEqual([point, syscallRequest, requestHead], ['rest', '', '']);
  assert.deepEqual([requestSequence, responseSequence], [undefined, undefined]);
  assert.equal(capture!.clientPort, 0);
});

test('a span of an SDK is not read further', () => {
  const none = () => assert.fail('no attribute is needed');
  assert.equal(readSpan(head, { ...captured, captured: false }, none).capture, undefined);
});
