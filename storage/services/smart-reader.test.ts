import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { edgesStatement } from '../schema/edges.ts';
import { migrate } from '../schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { type SqlClient, SqlError } from '../sql.ts';
import type { KeyValue, StoredResource, StoredSpan } from '../traces/model.ts';
import { ReadError } from '../traces/reader.ts';
import { insertSpans } from '../traces/testing/insert-spans.ts';
import { quantile } from './bands.ts';
import type { ServiceGraph, ServiceReader } from './model.ts';
import { createServiceReader } from './smart-reader.ts';
import { insertFlows, type TestFlow } from './testing/insert-flows.ts';
import { stepWindow } from './window.ts';

/** insertSpans writes resources of this day. */
const startMs = Date.UTC(2026, 0, 5, 10, 0, 0);
const nowMs = startMs + 10 * 60_000;
const baseNs = BigInt(startMs) * 1_000_000n;
const ms = 1_000_000n;
const minute = 60_000n * ms;
const window = stepWindow(baseNs, baseNs + 10n * minute, nowMs);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

interface World {
  readonly spans?: readonly StoredSpan[];
  readonly flows?: readonly TestFlow[];
  readonly maxExamined?: number;
  /** Seconds since 1970 up to which edges are computed, as the exporter does. */
  readonly edgesTo?: number;
}

let worlds = 0;

async function readerOf({ spans = [], flows = [], edgesTo, ...more }: World) {
  const name = `services${worlds++}`;
  const { client } = database;
  await migrate(client, { database: name, ttlDays: 0 });
  if (spans.length > 0) await insertSpans(client, name, spans);
  if (flows.length > 0) await insertFlows(client, name, flows);
  if (edgesTo !== undefined) {
    await client.command(edgesStatement({ database: name }, window.fromS, edgesTo));
  }
  return createServiceReader({ client, database: name, now: () => nowMs, ...more });
}

async function graphOf(world: World): Promise<ServiceGraph> {
  const reader = await readerOf(world);
  return reader.graph(window);
}

const arrows = ({ edges }: ServiceGraph): string[] =>
  edges.map(({ from, to, source, red, protocols }) => {
    const said = protocols.length === 0 ? '' : ` ${protocols.join(' ')}`;
    return `${from} -> ${to} ${source} ${red.calls}/${red.errors}${said}`;
  });

const nodeOf = ({ nodes }: ServiceGraph, id: string) => {
  const found = nodes.find((node) => node.id === id);
  assert.ok(found, `no ${id} in ${nodes.map((node) => node.id).join(', ')}`);
  return found;
};

type Attributes = Readonly<Record<string, string | number>>;

function attributes(values: Attributes): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'number' ? { type: 'int', value: BigInt(value) } : { type: 'string', value },
  }));
}

const resources = new Map<string, StoredResource>();

/** @param more beside service.name */
function resource(service: string, more: Attributes = {}): StoredResource {
  const key = JSON.stringify([service, more]);
  const known = resources.get(key) ?? {
    attributes: attributes({ 'service.name': service, ...more }),
    droppedAttributesCount: 0,
    schemaUrl: '',
  };
  resources.set(key, known);
  return known;
}

const scope = { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' };

let ids = 0;

interface Making {
  readonly kind?: number;
  readonly name?: string;
  readonly parent?: StoredSpan;
  readonly trace?: number;
  /** After the start of the window, ms. */
  readonly at?: number;
  /** ms. */
  readonly takes?: number;
  readonly error?: boolean;
  readonly says?: Attributes;
  readonly resource?: StoredResource;
}

function span(service: string, making: Making = {}): StoredSpan {
  const { kind = 2, parent, at = 1000, takes = 10, says = {} } = making;
  const own = ++ids;
  const startUnixNano = baseNs + BigInt(at) * ms;
  return {
    traceId: parent?.traceId ?? (making.trace ?? own).toString(16).padStart(32, '0'),
    spanId: own.toString(16).padStart(16, '0'),
    parentSpanId: parent?.spanId ?? '',
    traceState: '',
    flags: 0,
    name: making.name ?? 'op',
    kind,
    startUnixNano,
    endUnixNano: startUnixNano + BigInt(takes) * ms,
    attributes: attributes(says),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: making.error === true ? 2 : 0,
    statusMessage: '',
    resource: making.resource ?? resource(service),
    scope,
  };
}

/** A call by a CLIENT span and its SERVER span. */
function call(client: string, server: string, making: Making = {}): StoredSpan[] {
  const out = span(client, { ...making, kind: 3, says: { 'server.address': server } });
  const inside = { ...making, parent: out, kind: 2, says: { 'http.request.method': 'GET' } };
  return [out, span(server, inside)];
}

test('a schema that nobody made holds no services', async () => {
  const options = { client: database.client, database: 'nowhere', now: () => nowMs };
  const reader = createServiceReader(options);
  assert.deepEqual(await reader.graph(window), { window, nodes: [], edges: [], notes: [] });
  const { operations } = await reader.operations('web', window);
  assert.deepEqual(operations, []);
});

test('requests are counted by service and step; what is outside is not', async () => {
  const graph = await graphOf({
    spans: [
      span('web', { at: 0, takes: 8 }),
      span('web', { at: 59_999, takes: 8, error: true }),
      span('web', { at: 60_000, takes: 64, kind: 5 }),
      span('web', { at: 61_000, takes: 4000, kind: 1 }),
      span('web', { at: -1 }),
      span('web', { at: 600_000 }),
      span('cron', { at: 120_000, kind: 1, takes: 2 }),
      span('cron', { at: 120_000, kind: 0, takes: 2, error: true }),
    ],
  });
  const web = nodeOf(graph, 'service:web');
  assert.deepEqual([web.measure, web.red.calls, web.red.errors], ['requests', 3, 1]);
  assert.deepEqual([...web.series!.calls].slice(0, 3), [2, 1, 0]);
  assert.deepEqual([...web.series!.errors].slice(0, 3), [1, 0, 0]);
  const p99 = quantile(web.red.bands, 0.99)!;
  assert.ok(p99 > 45e6 && p99 < 91e6, `p99 ${p99} of 64 ms`);
  const [first, second] = web.series!.p95Ns;
  assert.ok(first! > 5e6 && first! < 12e6 && second! > 45e6 && second! < 91e6);
  assert.ok(Number.isNaN(web.series!.p95Ns[2]));
  const cron = nodeOf(graph, 'service:cron');
  assert.deepEqual([cron.measure, cron.red.calls, cron.red.errors], ['spans', 2, 1]);
});

test('a call is a span with a parent in another service', async () => {
  const [root, sent] = [span('web', { at: 500 }), span('web', { kind: 4 })];
  const own = span('web', { parent: root, kind: 1 });
  const graph = await graphOf({
    spans: [
      root,
      own,
      sent,
      ...['mail', 'stock', 'stock'].map((name) => span(name, { kind: 5, parent: sent })),
      ...call('web', 'api', { parent: root }),
      ...call('web', 'api', { parent: root, error: true, at: 300_000 }),
      span('db-proxy', { parent: own, kind: 2 }),
      span('web', { parent: root, kind: 2 }),
    ],
  });
  assert.deepEqual(arrows(graph), [
    'service:web -> service:api trace 2/1 http',
    'service:web -> service:stock trace 2/0',
    'service:web -> service:db-proxy trace 1/0',
    'service:web -> service:mail trace 1/0',
  ]);
  assert.deepEqual(graph.notes, []);
});

test('a child with the id of a parent in another trace is no call', async () => {
  const parent = span('web', { trace: 900 });
  const child = { ...span('api', { parent }), traceId: '9'.repeat(32) };
  assert.deepEqual(arrows(await graphOf({ spans: [parent, child] })), []);
});

test('what sends no spans is found by the spans of its callers', async () => {
  const pg = { 'db.system.name': 'postgresql', 'server.address': 'pg', 'server.port': 5432 };
  const old = { 'db.system': 'redis', 'net.peer.name': 'cache', 'net.peer.port': 6379 };
  const web = { 'http.method': 'GET', 'http.url': 'https://api.example.com/pay?x=1' };
  const kafka = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' };
  const outer = span('shop', { kind: 3, says: pg });
  const dns = span('shop', { kind: 3, says: { 'server.address': 'host', 'server.port': 80 } });
  const published = span('shop', { kind: 4, says: kafka });
  const graph = await graphOf({
    spans: [
      outer,
      span('shop', { parent: outer, kind: 3, says: pg, error: true }),
      dns,
      span('shop', { parent: dns, kind: 1 }),
      span('shop', { kind: 3, says: old }),
      span('shop', { kind: 3, says: web }),
      span('shop', { kind: 3 }),
      published,
      span('mailer', { parent: published, kind: 5, says: kafka }),
      span('shop', { kind: 4, says: kafka }),
      span('audit', { kind: 5, says: kafka }),
      ...call('shop', 'cart'),
    ],
  });
  assert.deepEqual(arrows(graph).toSorted(), [
    'queue:orders -> service:audit peer 1/0 kafka',
    'service:shop -> database:cache:6379 peer 1/0 redis',
    'service:shop -> database:pg:5432 peer 1/1 postgresql',
    'service:shop -> external:api.example.com peer 1/0 http',
    'service:shop -> external:host peer 1/0',
    'service:shop -> queue:orders peer 1/0 kafka',
    'service:shop -> service:cart trace 1/0 http',
    'service:shop -> service:mailer trace 1/0 kafka',
  ]);
});

/** One request to mariadb as it is seen at four places, by their names and addresses. */
function sightings(sequence: number, more: Making = {}): StoredSpan[] {
  const one = (point: string, service: string, kind: number, says: Attributes, takes: number) =>
    span(service, {
      takes,
      ...more,
      kind,
      name: 'SELECT stock',
      resource: resource(service, { 'wirestitch.capture.source': 'packet' }),
      says: {
        'wirestitch.observation_point': point,
        'wirestitch.tcp.request_sequence': sequence,
        'wirestitch.request.head': 'abcd',
        'network.protocol.name': 'mysql',
        'db.system.name': 'mariadb',
        'client.address': '10.0.0.1',
        'client.port': 40_000,
        'server.address': '10.0.0.9',
        'server.port': 3306,
        ...says,
      },
    });
  const named = { 'wirestitch.client.service': 'stock', 'wirestitch.server.service': 'mariadbd' };
  const translated = { 'client.address': '10.9.9.9', 'client.port': 50_000 };
  return [
    one('client_process', 'stock', 3, named, 40),
    one('rest', '10.0.0.9:3306', 2, { 'wirestitch.capture.interface': 1 }, 20),
    one('rest', '10.0.0.9:3306', 2, { 'wirestitch.capture.interface': 2 }, 20),
    one(
      'server_process',
      'mariadbd',
      2,
      { ...translated, 'wirestitch.server.service': 'mariadbd' },
      10,
    ),
  ];
}

test('a captured request is counted once, wherever it was seen', async () => {
  const graph = await graphOf({
    spans: [...sightings(1), ...sightings(2, { error: true }), ...sightings(3, { at: 70_000 })],
  });
  assert.deepEqual(arrows(graph), ['service:stock -> database:mariadbd capture 3/1 mariadb']);
  assert.deepEqual(
    graph.nodes.map(({ id }) => id),
    ['database:mariadbd', 'service:stock'],
  );
  const server = nodeOf(graph, 'database:mariadbd');
  assert.deepEqual([server.measure, server.red.calls], ['captured', 3]);
  assert.deepEqual([...server.series!.calls].slice(0, 2), [2, 1]);
  const median = quantile(server.red.bands, 0.5)!;
  assert.ok(median > 7e6 && median < 15e6, 'the time is that of the server side');
});

test('requests that only packets saw keep their addresses', async () => {
  const [, packet] = sightings(1);
  const graph = await graphOf({ spans: [packet!] });
  assert.deepEqual(arrows(graph), [
    'address:10.0.0.1 -> database:10.0.0.9:3306 capture 1/0 mariadb',
  ]);
});

test('captured spans beside those of SDKs do not double their requests', async () => {
  const [out, inside] = call('web', 'api');
  const seen = span('api', {
    parent: out!,
    resource: resource('api', { 'wirestitch.capture.source': 'ebpf' }),
    says: {
      'wirestitch.observation_point': 'server_process',
      'wirestitch.tcp.request_sequence': 5,
      'server.address': '10.0.0.2',
    },
  });
  const byAddress = span('10.0.0.2:80', {
    parent: out!,
    resource: resource('10.0.0.2:80', { 'wirestitch.capture.source': 'packet' }),
    says: {
      'wirestitch.observation_point': 'rest',
      'wirestitch.tcp.request_sequence': 5,
      'client.address': '10.0.0.1',
      'server.address': '10.0.0.2',
      'server.port': 80,
    },
  });
  const graph = await graphOf({ spans: [out!, inside!, seen, byAddress] });
  const api = nodeOf(graph, 'service:api');
  assert.deepEqual([api.measure, api.red.calls], ['requests', 1]);
  assert.ok(arrows(graph).includes('service:web -> service:api trace 1/0 http'));
  assert.ok(!graph.nodes.some(({ name }) => name.startsWith('10.0.0.2')), 'its address is known');
});

test('flows give edges their network, and are edges where nothing else is', async () => {
  const flow: TestFlow = {
    flowId: 1,
    timeNs: baseNs + 5n * minute,
    client: '10.0.0.1',
    server: '10.0.0.9',
    serverPort: 3306,
    serverService: 'mariadbd',
    protocol: 'mysql',
    packets: 50,
    retransmissions: 3,
    bytes: 1000,
    rttNs: 40_000,
  };
  const graph = await graphOf({
    spans: sightings(1),
    flows: [
      flow,
      { ...flow, flowId: 2, rttNs: 60_000, status: 'server_error' },
      { ...flow, flowId: 3, point: 'rest', interface: 1, packets: 2, clientService: 'stock' },
      { ...flow, flowId: 4, timeNs: baseNs - 1n },
      { ...flow, flowId: 5, client: '2001:db8::1', server: '2001:db8::2', serverService: '' },
    ],
  });
  const [edge, other] = graph.edges;
  assert.deepEqual(edge?.network, {
    connections: 2,
    failedConnections: 1,
    packets: 200,
    retransmissions: 6,
    bytesSent: 2000,
    bytesReceived: 2000,
    rttNs: 50_000,
    rttMaxNs: 60_000,
  });
  assert.deepEqual(
    [other?.from, other?.to, other?.source, other?.protocols],
    ['address:2001:db8::1', 'address:[2001:db8::2]:3306', 'flow', ['mysql']],
  );
});

/** Calls of 40 traces in the first two minutes, of 8 in the last. */
function manyCalls(): StoredSpan[] {
  const early = Array.from({ length: 40 }, (_, i) => call('web', 'api', { at: 1000 + i * 2500 }));
  const late = Array.from({ length: 8 }, () => call('web', 'api', { at: 590_000, error: true }));
  return [...early, ...late].flat();
}

test('of many spans, edges are those computed each minute, and the newest counted', async () => {
  const graph = await graphOf({
    spans: manyCalls(),
    maxExamined: 40,
    edgesTo: window.fromS + 120,
  });
  assert.deepEqual(arrows(graph), ['service:web -> service:api trace 48/8 http']);
  assert.deepEqual(graph.notes, []);
});

test('without computed edges they are estimated, and said to be', async () => {
  const spans = Array.from({ length: 60 }, (_, i) => call('web', 'api', { at: 1000 + i * 9900 }));
  const graph = await graphOf({ spans: spans.flat(), maxExamined: 70 });
  const [edge] = graph.edges;
  assert.equal(edge!.red.calls % 2, 0);
  assert.ok(edge!.red.calls > 20 && edge!.red.calls < 100, `${edge!.red.calls} of 60`);
  assert.equal(nodeOf(graph, 'service:api').red.calls, 60);
  assert.deepEqual(graph.notes, ['Calls between services are estimated from one in 2.']);
});

test('a sample finds what belongs to its spans in the slice beside', async () => {
  // Every call begins at the end of a slice, and its other end is in the next one.
  const spans = Array.from({ length: 59 }, (_, i) => {
    const [out, inside] = call('web', 'api', { at: 9_999 + i * 10_000 });
    return [out!, { ...inside!, startUnixNano: inside!.startUnixNano + 5n * ms }];
  });
  const graph = await graphOf({ spans: spans.flat(), maxExamined: 60 });
  assert.equal(graph.notes.length, 1, graph.notes.join());
  assert.deepEqual(
    graph.edges.map(({ source, to }) => [source, to]),
    [['trace', 'service:api']],
  );
});

test('operations: what was asked of the service first', async () => {
  const reader = await readerOf({
    spans: [
      span('web', { name: 'GET /', takes: 5 }),
      span('web', { name: 'GET /', takes: 5, error: true, at: 61_000 }),
      span('web', { name: 'POST /', kind: 2 }),
      ...Array.from({ length: 5 }, () => span('web', { name: 'render', kind: 1 })),
      span('api', { name: 'GET /' }),
    ],
  });
  const { operations, truncated } = await reader.operations('web', window);
  assert.equal(truncated, false);
  assert.deepEqual(
    operations.map(({ name, kind, measure, red }) => [name, kind, measure, red.calls, red.errors]),
    [
      ['GET /', 2, 'requests', 2, 1],
      ['POST /', 2, 'requests', 1, 0],
      ['render', 1, 'spans', 5, 0],
    ],
  );
  assert.deepEqual([...operations[0]!.series.calls].slice(0, 2), [1, 1]);
});

test('operations of a captured service count each request once', async () => {
  const reader = await readerOf({ spans: [...sightings(1), ...sightings(2)] });
  const { operations } = await reader.operations('mariadbd', window);
  assert.deepEqual(
    operations.map(({ name, measure, red }) => [name, measure, red.calls]),
    [['SELECT stock', 'captured', 2]],
  );
});

test('names may hold anything', async () => {
  const odd = `it's "odd" \\ <b> \u202e \n {x:String}`;
  const reader = await readerOf({ spans: [...call(odd, `${odd}2`), span(odd, { name: odd })] });
  const graph = await reader.graph(window);
  assert.deepEqual(arrows(graph), [`service:${odd} -> service:${odd}2 trace 1/0 http`]);
  const { operations } = await reader.operations(odd, window);
  assert.deepEqual(operations.map(({ name }) => name).toSorted(), [odd, 'op'].toSorted());
});

/** A reader whose statements fail where their text holds something. */
async function failing(holds: string, code: number): Promise<ServiceReader> {
  const name = `services${worlds++}`;
  const inner = database.client;
  await migrate(inner, { database: name, ttlDays: 0 });
  await insertSpans(inner, name, [...sightings(1), ...call('web', 'api')]);
  const client: SqlClient = {
    ...inner,
    query: async (sql, options) => {
      if (!sql.includes(holds)) return await inner.query(sql, options);
      const details = { code, retryable: false, outcome: 'failed', queryId: '' } as const;
      throw new SqlError('no', details);
    },
  };
  return createServiceReader({ client, database: name, now: () => nowMs });
}

test('what takes too long is left out, and said so', async () => {
  for (const [holds, note] of [
    ['.`flows`', /flow logs/],
    ['peer_service', /send no spans/],
    ['AS request', /once for each place/],
    ['parent.client', /incomplete/],
  ] as const) {
    const graph = await (await failing(holds, 159)).graph(window);
    assert.equal(graph.notes.length, 1, holds);
    assert.match(graph.notes[0]!, note);
    assert.ok(graph.nodes.length >= 3, holds);
  }
});

test('a store that fails is no empty map', async () => {
  for (const [code, reason] of [
    [0, 'unavailable'],
    [62, 'internal'],
  ] as const) {
    await assert.rejects(
      async () => (await failing('.`flows`', code)).graph(window),
      (error) => error instanceof ReadError && error.reason === reason,
    );
  }
});
