import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedFigures, ServiceMapEdge } from '../../../../query/web/contract/services.ts';
import { bars } from './sparkline.ts';
import { searchOfEdge, traceParams } from './trace-links.ts';
import {
  edgeWidth,
  health,
  nameOfId,
  redText,
  retransmissionShare,
  shortPercent,
} from './words.ts';

const red = (calls: number, errors: number): RedFigures => ({
  calls,
  errors,
  perSecond: calls / 10,
  p50Ns: 1e6,
  p95Ns: 2.5e6,
  p99Ns: 3e6,
});

test('health goes by the share of errors', () => {
  assert.deepEqual([health(red(0, 0)), health(red(100, 0))], ['good', 'good']);
  assert.deepEqual([health(red(100, 4)), health(red(100, 5))], ['some', 'bad']);
});

test('figures in words', () => {
  assert.equal(redText(red(0, 0)), 'no requests');
  assert.equal(redText(red(200, 3)), '20/s, 1.5 % errors, p95 2.5 ms');
  const f = (part: number, want: string) => assert.equal(shortPercent(part), want);
  f(0, '0 %');
  f(0.0001, '<0.1 %');
  f(0.02, '2 %');
  f(0.0631, '6.3 %');
  f(0.0996, '10 %');
  f(0.324, '32 %');
  f(1, '100 %');
});

test('wider edges carry more, within bounds', () => {
  const widths = [0, 0.5, 1, 10, 1000, 1e4, 1e9].map(edgeWidth);
  assert.deepEqual(
    widths,
    [...widths].sort((a, b) => a - b),
  );
  assert.ok(widths[0]! > 1 && widths.at(-1)! <= 6.1);
});

test('a name is all after the first colon of an id', () => {
  assert.equal(nameOfId('address:10.0.0.1:80'), '10.0.0.1:80');
  assert.equal(nameOfId('service:'), '');
});

const edge = (from: string, to: string, source: ServiceMapEdge['source']): ServiceMapEdge => ({
  from,
  to,
  source,
  red: red(1, 0),
  protocols: [],
  network: null,
});

test('traces of an edge are looked for at the end that has its spans', () => {
  const f = (from: string, to: string, source: ServiceMapEdge['source'], want?: string) => {
    assert.equal(searchOfEdge(edge(from, to, source))?.service, want);
  };
  f('service:a', 'service:b', 'trace', 'b');
  f('service:a', 'database:mariadbd', 'capture', 'mariadbd');
  f('service:a', 'database:pg', 'peer', 'a');
  f('queue:orders', 'service:b', 'peer', 'b');
  f('service:a', 'service:b', 'flow', undefined);
  const params = traceParams({ service: 'b', errors: true }, { from: 'now-1h', to: 'now' });
  assert.deepEqual([params.service, params.status], ['b', 'error']);
});

test('retransmissions are a share of the packets', () => {
  assert.equal(retransmissionShare(edge('a', 'b', 'trace')), undefined);
  const network = {
    connections: 1,
    failedConnections: 0,
    packets: 200,
    retransmissions: 3,
    bytesSent: 0,
    bytesReceived: 0,
    rttNs: null,
    rttMaxNs: null,
  };
  assert.equal(retransmissionShare({ ...edge('a', 'b', 'flow'), network }), 0.015);
});

test('bars of a series', () => {
  const box = { width: 40, height: 20 };
  assert.deepEqual(bars([0, 0], [0, 0], box), { calls: '', errors: '' });
  assert.deepEqual(bars([4, 2], [0, 1], box), {
    calls: 'M0 20v-20h19v20zM20 20v-10h19v10z',
    errors: 'M20 20v-5h19v5z',
  });
  const tiny = bars([1000, 1], [0, 0], box).calls;
  assert.ok(tiny.endsWith('M20 20v-1h19v1z'), 'few calls are seen, too');
});
