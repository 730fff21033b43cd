import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedSum } from './bands.ts';
import type { CapturedEdge } from './captured-rows.ts';
import type { CallEdge } from './edge-rows.ts';
import { FlowFigures, type FlowPair } from './flow-rows.ts';
import { buildGraph, type Findings } from './graph.ts';
import type { PeerCalls } from './peer-rows.ts';
import { type ServiceSpans, SteppedRed } from './red-rows.ts';
import { stepWindow } from './window.ts';

const window = stepWindow(0n, 300_000_000_000n, 300_000);

function red(calls: number, errors = 0): RedSum {
  const sum = new RedSum();
  sum.addBands(calls, errors, [40], [calls]);
  return sum;
}

function stepped(calls: number, errors = 0): SteppedRed {
  const own = new SteppedRed(window);
  if (calls > 0) own.add(0, { calls, errors, keys: [40], counts: [calls] });
  return own;
}

const spans = (entries: number, others = 0): ServiceSpans => ({
  entries: stepped(entries),
  others: stepped(others),
});

const call = (client: string, server: string, calls: number, more = {}): CallEdge => ({
  client,
  server,
  red: red(calls),
  protocols: new Map(),
  addresses: [],
  ...more,
});

const captured = (client: string, server: string, more: Partial<CapturedEdge>): CapturedEdge => ({
  client,
  server,
  protocol: 'http',
  type: 'service',
  red: red(1),
  clientAddresses: new Set(),
  serverAddresses: new Set(),
  ...more,
});

const peer = (service: string, more: Partial<PeerCalls>): PeerCalls => ({
  service,
  consumes: false,
  db: '',
  mq: '',
  protocol: '',
  peerService: '',
  host: '',
  port: 0,
  namespace: '',
  destination: '',
  red: red(1),
  ...more,
});

function flow(
  client: string,
  server: string,
  port: number,
  more: Partial<FlowPair> = {},
): FlowPair {
  const figures = new FlowFigures();
  figures.packets = 10;
  figures.retransmissions = 1;
  const ends = { client, server, serverPort: port, clientService: '', serverService: '' };
  return { ...ends, place: 'rest 1', protocol: '', figures, ...more };
}

function graphOf(findings: Partial<Findings>) {
  const graph = buildGraph({
    services: new Map(),
    capturedOnly: new Set(),
    calls: [],
    captured: { edges: [], servers: new Map() },
    peers: [],
    flows: [],
    ...findings,
  });
  return {
    ...graph,
    ids: graph.nodes.map(({ id }) => id),
    arrows: graph.edges.map((e) => `${e.from} -> ${e.to} ${e.source} ${e.red.calls}`),
    node: (id: string) => graph.nodes.find((node) => node.id === id)!,
  };
}

test('services without an edge are nodes too', () => {
  const { ids, arrows, node } = graphOf({
    services: new Map([
      ['cron', spans(0, 4)],
      ['web', spans(9, 30)],
    ]),
  });
  assert.deepEqual(ids, ['service:web', 'service:cron']);
  assert.deepEqual(arrows, []);
  assert.deepEqual([node('service:web').measure, node('service:web').red.calls], ['requests', 9]);
  assert.deepEqual([node('service:cron').measure, node('service:cron').red.calls], ['spans', 4]);
});

test('the source that saw most calls counts', () => {
  const { arrows } = graphOf({
    calls: [call('web', 'api', 3), call('web', 'api', 2, { protocols: new Map([['grpc', 2]]) })],
    captured: { edges: [captured('web', 'api', { red: red(4) })], servers: new Map() },
  });
  assert.deepEqual(arrows, ['service:web -> service:api trace 5']);
});

test('protocols are those of all sources, most used first', () => {
  const { edges } = graphOf({
    calls: [
      call('web', 'api', 3, {
        protocols: new Map([
          ['http', 1],
          ['grpc', 2],
          ['', 9],
        ]),
      }),
    ],
  });
  assert.deepEqual(edges[0]?.protocols, ['grpc', 'http']);
});

test('a captured database is a database; its figures are those of its requests', () => {
  const edge = captured('shop', 'mariadbd', { protocol: 'mariadb', type: 'database', red: red(7) });
  const { node, ids } = graphOf({
    services: new Map([['mariadbd', spans(21)]]),
    capturedOnly: new Set(['mariadbd']),
    captured: { edges: [edge], servers: new Map([['mariadbd', stepped(7)]]) },
  });
  assert.deepEqual(ids, ['database:mariadbd', 'service:shop']);
  const { measure, system, instrumented } = node('database:mariadbd');
  assert.deepEqual(
    { measure, system, instrumented },
    {
      measure: 'captured',
      system: 'mariadb',
      instrumented: true,
    },
  );
  assert.equal(node('database:mariadbd').red.calls, 7);
  assert.equal(node('service:shop').instrumented, false);
});

test('of a service with both, SDKs count unless capture saw more', () => {
  const of = (sdk: number, seen: number) =>
    graphOf({
      services: new Map([['api', spans(sdk)]]),
      captured: { edges: [], servers: new Map([['api', stepped(seen)]]) },
    }).node('service:api');
  assert.deepEqual([of(5, 5).measure, of(5, 5).red.calls], ['requests', 5]);
  assert.deepEqual([of(5, 6).measure, of(5, 6).red.calls], ['captured', 6]);
});

test('requests to one service by its name and by its address are put together', () => {
  const { node } = graphOf({
    calls: [call('web', 'api', 1, { addresses: ['10.0.0.2:80'] })],
    captured: {
      edges: [],
      servers: new Map([
        ['api', stepped(2)],
        ['10.0.0.2:80', stepped(3, 1)],
      ]),
    },
  });
  const { red: own, series } = node('service:api');
  assert.deepEqual([own.calls, own.errors, series?.calls[0], series?.errors[0]], [5, 1, 5, 1]);
  assert.ok((series?.p95Ns[0] ?? 0) > 0 && Number.isNaN(series?.p95Ns[1]));
});

test('what sends no spans is typed, and measured by its callers', () => {
  const { ids, arrows, node } = graphOf({
    services: new Map([['shop', spans(5)]]),
    peers: [
      peer('shop', { db: 'postgresql', host: 'pg', port: 5432, red: red(4, 2) }),
      peer('shop', { mq: 'kafka', destination: 'orders', red: red(3) }),
      peer('mailer', { mq: 'kafka', destination: 'orders', consumes: true, red: red(2) }),
      peer('shop', { host: 'api.example.com', port: 443 }),
      peer('shop', { protocol: 'http' }),
    ],
  });
  assert.deepEqual(ids.toSorted(), [
    'database:pg:5432',
    'external:api.example.com',
    'queue:orders',
    'service:mailer',
    'service:shop',
  ]);
  assert.deepEqual(arrows, [
    'service:shop -> database:pg:5432 peer 4',
    'service:shop -> queue:orders peer 3',
    'queue:orders -> service:mailer peer 2',
    'service:shop -> external:api.example.com peer 1',
  ]);
  const { measure, red: own, series } = node('database:pg:5432');
  assert.deepEqual([measure, own.calls, own.errors, series], ['callers', 4, 2, undefined]);
});

test('a host that is a service with spans is that service', () => {
  const services = new Map([
    ['shop', spans(5)],
    ['cart', spans(5)],
  ]);
  for (const host of ['cart', 'cart.prod.svc.cluster.local']) {
    const { arrows } = graphOf({ services, peers: [peer('shop', { host, port: 80 })] });
    assert.deepEqual(arrows, ['service:shop -> service:cart peer 1'], host);
  }
});

test('addresses are named by what capture and flows know of them', () => {
  const { arrows, ids } = graphOf({
    services: new Map([['shop', spans(5)]]),
    captured: {
      edges: [
        captured('web', 'cart', {
          clientAddresses: new Set(['10.0.0.1']),
          serverAddresses: new Set(['10.0.0.2:80']),
        }),
      ],
      servers: new Map(),
    },
    peers: [peer('shop', { host: '10.0.0.2', port: 80 })],
    flows: [flow('10.0.0.1', '10.0.0.2', 80), flow('10.0.0.9', '10.0.0.2', 80)],
  });
  assert.deepEqual(arrows, [
    'service:shop -> service:cart peer 1',
    'service:web -> service:cart capture 1',
    'address:10.0.0.9 -> service:cart flow 0',
  ]);
  assert.ok(!ids.includes('address:10.0.0.1'));
});

test('an address that two have names neither, and loopback is nobody', () => {
  const { arrows } = graphOf({
    captured: {
      edges: [
        captured('a', 'x', { clientAddresses: new Set(['10.0.0.1', '127.0.0.1']) }),
        captured('b', 'x', { clientAddresses: new Set(['10.0.0.1']) }),
      ],
      servers: new Map(),
    },
    flows: [flow('10.0.0.1', '10.0.0.5', 1), flow('127.0.0.1', '10.0.0.5', 1)],
  });
  assert.deepEqual(arrows.slice(2), [
    'address:10.0.0.1 -> address:10.0.0.5:1 flow 0',
    'address:127.0.0.1 -> address:10.0.0.5:1 flow 0',
  ]);
});

test('connections are counted at the place that saw most packets', () => {
  const at = (place: string, packets: number, rttSum: number): FlowPair => {
    const figures = new FlowFigures();
    Object.assign(figures, { packets, rttSum, rttCount: rttSum === 0 ? 0 : 2, rttMax: rttSum });
    return { ...flow('10.0.0.1', '10.0.0.2', 80), place, figures };
  };
  const { edges } = graphOf({
    calls: [call('a', 'b', 5, { addresses: ['10.0.0.2:80'] })],
    flows: [
      at('client_nic', 10, 100),
      { ...at('client_nic', 5, 0), clientService: 'a' },
      { ...at('rest 1', 13, 4000), clientService: 'a' },
      { ...at('rest 1', 3, 2000), clientService: 'a' },
    ],
  });
  const edge = edges.find(({ source }) => source === 'trace');
  assert.deepEqual(edge?.network, {
    connections: 0,
    failedConnections: 0,
    packets: 16,
    retransmissions: 0,
    bytesSent: 0,
    bytesReceived: 0,
    rttNs: 1500,
    rttMaxNs: 4000,
  });
});

test('many clients that are only addresses are one node', () => {
  const flows = Array.from({ length: 12 }, (_, i) => flow(`10.1.0.${i}`, '10.0.0.2', 80));
  const { ids, arrows, node, edges } = graphOf({
    flows: [...flows, flow('10.1.0.1', '10.9.9.9', 1)],
  });
  assert.deepEqual(arrows.toSorted(), [
    'address:10.1.0.1 -> address:10.9.9.9:1 flow 0',
    'addresses:clients of 10.0.0.2:80 -> address:10.0.0.2:80 flow 0',
  ]);
  assert.equal(ids.length, 4);
  assert.equal(node('addresses:clients of 10.0.0.2:80').system, '12 addresses');
  assert.equal(edges.find(({ from }) => from.startsWith('addresses'))?.network?.packets, 120);
});

test('flows meet a database that spans name by its address', () => {
  const { arrows, edges } = graphOf({
    services: new Map([['shop', spans(5)]]),
    peers: [peer('shop', { db: 'redis', host: '10.0.0.7', port: 6379 })],
    flows: [flow('10.0.0.1', '10.0.0.7', 6379, { clientService: 'shop' })],
  });
  assert.deepEqual(arrows, ['service:shop -> database:10.0.0.7:6379 peer 1']);
  assert.equal(edges[0]?.network?.packets, 10);
});

test('nobody calls itself', () => {
  const { arrows } = graphOf({
    calls: [call('a', 'a', 1)],
    captured: { edges: [captured('a', 'a', {})], servers: new Map() },
    peers: [peer('a', { host: 'a' })],
    services: new Map([['a', spans(1)]]),
  });
  assert.deepEqual(arrows, []);
});

test('names may hold anything', () => {
  const odd = ['', 'database\nx', '__proto__', 'a\n\nb', '<b>', 'service:x', '\u202e'];
  const { ids, arrows } = graphOf({
    services: new Map(odd.map((name) => [name, spans(1)])),
    calls: odd.map((name) => call(name, 'end', 1)),
  });
  assert.equal(new Set(ids).size, odd.length + 1);
  assert.equal(arrows.length, odd.length);
});
