import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import type { AttributeSet } from '../../pdata/values.ts';
import { pointLines, startConnector } from '../../testing/connector.ts';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';

const kinds = { server: 2, client: 3, producer: 4, consumer: 5 } as const;

interface Span {
  readonly service?: string;
  readonly kind: keyof typeof kinds | 'internal';
  readonly id: number;
  readonly parent?: number;
  readonly trace?: number;
  readonly ms?: number;
  readonly failed?: boolean;
  readonly attributes?: AttributeSet;
  readonly resource?: AttributeSet;
  /** Trace and span that it links to. */
  readonly links?: readonly (readonly [number, number])[];
}

const traceId = (n: number) => Buffer.alloc(16, n);
const spanId = (n: number) => Buffer.alloc(8, n);
const startTimeUnixNano = 1_700_000_000_000_000_000n;

function spans(...given: Span[]): Batch<'traces'> {
  const builder = new TracesBuilder();
  for (const one of given) {
    builder.resource(
      one.service === undefined ? {} : { 'service.name': one.service, ...one.resource },
    );
    builder.scope('test');
    builder.span({
      traceId: traceId(one.trace ?? 1),
      spanId: spanId(one.id),
      parentSpanId: one.parent === undefined ? undefined : spanId(one.parent),
      name: 'x',
      kind: one.kind === 'internal' ? 1 : kinds[one.kind],
      startTimeUnixNano,
      endTimeUnixNano: startTimeUnixNano + BigInt(one.ms ?? 10) * 1_000_000n,
      statusCode: one.failed ? 2 : 0,
      attributes: one.attributes ?? {},
      links: (one.links ?? []).map(([t, s]) => ({ traceId: traceId(t), spanId: spanId(s) })),
    });
  }
  return builder.finish();
}

const start = (given: unknown = {}, settings = testSettings()) =>
  startConnector(factory, ['traces', 'metrics'] as const, given, { settings });

type Started = Awaited<ReturnType<typeof start>>;

/** The requests that an export tells of: `client -> server [type] ...: count`. */
async function requests({ settings, sink }: Started): Promise<string[]> {
  await settings.clock.advance(60_000);
  const lines = sink.batches.flatMap(pointLines);
  sink.batches.length = 0;
  return lines.filter((line) => line.includes('request_total')).map((line) => line.slice(34));
}

async function finish(started: Started): Promise<void> {
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
  assert.equal(started.settings.budget.used, 0);
  assert.equal(started.settings.clock.pending, 0);
}

test('client and server of one request, in either order', async () => {
  const graph = await start();
  await graph.send(spans({ service: 'a', kind: 'client', id: 1, ms: 20 }));
  await graph.send(spans({ service: 'b', kind: 'server', id: 2, parent: 1, ms: 5 }));
  await graph.send(
    spans(
      { service: 'b', kind: 'server', id: 4, parent: 3, ms: 7, failed: true },
      { service: 'a', kind: 'client', id: 3, ms: 30 },
    ),
  );
  await graph.settings.clock.advance(60_000);
  const labels = (failed: boolean) => `client=a server=b connection_type= failed=${failed}`;
  assert.deepEqual(pointLines(graph.sink.batches[0]!), [
    `traces_service_graph_request_client ${labels(false)}: 1/0.02`,
    `traces_service_graph_request_client ${labels(true)}: 1/0.03`,
    `traces_service_graph_request_failed_total ${labels(true)}: 1`,
    `traces_service_graph_request_server ${labels(false)}: 1/0.005`,
    `traces_service_graph_request_server ${labels(true)}: 1/0.007`,
    `traces_service_graph_request_total ${labels(false)}: 1`,
    `traces_service_graph_request_total ${labels(true)}: 1`,
  ]);
  assert.equal(graph.settings.meter.value('otelcol_connector_servicegraph_total_edges'), 2);
  await finish(graph);
});

test('histograms in seconds: buckets, unit, times', async () => {
  const graph = await start({ latency_histogram_buckets: ['10ms', '1s'] });
  await graph.send(
    spans(
      { service: 'a', kind: 'client', id: 1, ms: 1500 },
      { service: 'b', kind: 'server', id: 2, parent: 1, ms: 10 },
    ),
  );
  await graph.settings.clock.advance(60_000);
  const text = toJson(graph.sink.batches[0]!);
  assert.match(text, /"name":"traces_service_graph_request_client","unit":"s"/);
  assert.match(text, /"bucketCounts":\["1","0","0"\],"explicitBounds":\[0.01,1\]/);
  assert.match(text, /"bucketCounts":\["0","0","1"\]/);
  assert.match(
    text,
    /"startTimeUnixNano":"1704067200000000000","timeUnixNano":"1704067260000000000"/,
  );
  assert.match(text, /"scope":\{"name":"traces_service_graph"\}/);
  await finish(graph);
});

test('exponential histograms', async () => {
  const graph = await start({ exponential_histogram_max_size: 10 });
  await graph.send(
    spans(
      { service: 'a', kind: 'client', id: 1, ms: 1500 },
      { service: 'b', kind: 'server', id: 2, parent: 1, ms: 10 },
    ),
  );
  await graph.settings.clock.advance(60_000);
  const text = toJson(graph.sink.batches[0]!);
  assert.match(text, /"exponentialHistogram":/);
  assert.match(text, /"min":1.5,"max":1.5/);
  await finish(graph);
});

test('a database needs no span of its own', async () => {
  const graph = await start({ database_name_attributes: ['db.namespace', 'db.name'] });
  await graph.send(
    spans(
      { service: 'a', kind: 'client', id: 1, attributes: { 'db.name': 'orders' } },
      { service: 'a', kind: 'client', id: 2, attributes: { 'db.name': 'x', 'db.namespace': 'ns' } },
      { service: 'a', kind: 'client', id: 3, attributes: { 'db.name': 7 } },
    ),
  );
  assert.deepEqual(await requests(graph), [
    ' client=a server=7 connection_type=database failed=false: 1',
    ' client=a server=ns connection_type=database failed=false: 1',
    ' client=a server=orders connection_type=database failed=false: 1',
  ]);
  await finish(graph);
});

test('producer and consumer by parent, and by links in either order', async () => {
  const graph = await start();
  await graph.send(
    spans(
      { service: 'p', kind: 'producer', id: 1 },
      { service: 'c', kind: 'consumer', id: 2, parent: 1 },
      { service: 'p', kind: 'producer', id: 3, trace: 3 },
      { service: 'd', kind: 'consumer', id: 4, trace: 4, links: [[3, 3]] },
      {
        service: 'e',
        kind: 'consumer',
        id: 5,
        trace: 5,
        links: [
          [6, 6],
          [7, 7],
        ],
      },
      { service: 'e', kind: 'consumer', id: 9, trace: 9, links: [[6, 6]] },
      { service: 'q', kind: 'producer', id: 6, trace: 6, failed: true },
      { service: 'r', kind: 'producer', id: 7, trace: 7 },
    ),
  );
  assert.deepEqual(await requests(graph), [
    ' client=p server=c connection_type=messaging_system failed=false: 1',
    ' client=p server=d connection_type=messaging_system failed=false: 1',
    ' client=q server=e connection_type=messaging_system failed=true: 2',
    ' client=r server=e connection_type=messaging_system failed=false: 1',
  ]);
  assert.equal(graph.settings.meter.value('otelcol_connector_servicegraph_expired_edges'), 0);
  await finish(graph);
});

test('sides without spans become virtual nodes', async () => {
  const graph = await start({ virtual_node_extra_label: true });
  await graph.send(
    spans(
      { service: 'web', kind: 'server', id: 1 },
      {
        service: 'web',
        kind: 'client',
        id: 2,
        attributes: { 'peer.service': 'mail', 'db.system': 'x' },
      },
      { service: 'web', kind: 'client', id: 3 },
      { service: 'api', kind: 'server', id: 4, parent: 8 },
      { service: 'api', kind: 'internal', id: 5, parent: 4 },
      { service: 'web', kind: 'client', id: 6 },
      { service: 'api', kind: 'server', id: 7, parent: 6 },
    ),
  );
  assert.deepEqual(await requests(graph), [
    ' client=user server=web connection_type=virtual_node failed=false virtual_node=client: 1',
    ' client=web server=api connection_type= failed=false virtual_node=: 1',
    ' client=web server=mail connection_type=virtual_node failed=false virtual_node=server: 1',
    ' client=web server=unknown connection_type=virtual_node failed=false virtual_node=server: 1',
  ]);
  assert.equal(graph.settings.meter.value('otelcol_connector_servicegraph_expired_edges'), 4);
  await finish(graph);
  const without = await start({ virtual_node_peer_attributes: [] });
  await without.send(spans({ service: 'web', kind: 'server', id: 1 }));
  assert.deepEqual(await requests(without), []);
  await finish(without);
});

test('dimensions of both sides, of the resource first', async () => {
  const graph = await start({ dimensions: ['zone', 'status'] });
  const resource = { zone: 'z1' };
  await graph.send(
    spans(
      { service: 'a', kind: 'client', id: 1, resource, attributes: { zone: 'own', status: 200 } },
      { service: 'b', kind: 'server', id: 2, parent: 1, attributes: { zone: 'zé' } },
    ),
  );
  assert.deepEqual(await requests(graph), [
    ' client=a server=b connection_type= failed=false client_zone=z1 client_status=200 server_zone=zé: 1',
  ]);
  await finish(graph);
});

test('spans without service.name are not counted', async () => {
  const graph = await start();
  await graph.send(
    spans({ kind: 'client', id: 1 }, { service: 'b', kind: 'server', id: 2, parent: 1 }),
  );
  const node = graph.settings.book.snapshot().nodes.find((one) => one.node === 'test');
  assert.deepEqual(node?.dropped, { no_service_name: 1 });
  await finish(graph);
});

test('a full store drops spans until some expire', async () => {
  const graph = await start({ store: { max_items: 2, ttl: '1s' }, store_expiration_loop: '1h' });
  const { meter, clock } = graph.settings;
  const client = (id: number) => spans({ service: 'a', kind: 'client', id });
  for (const id of [1, 2, 3]) await graph.send(client(id));
  assert.equal(meter.value('otelcol_connector_servicegraph_dropped_spans'), 1);
  await clock.advance(1001);
  await graph.send(client(4));
  assert.equal(meter.value('otelcol_connector_servicegraph_dropped_spans'), 1);
  assert.equal(meter.value('otelcol_connector_servicegraph_expired_edges'), 1);
  await graph.send(spans({ service: 'b', kind: 'server', id: 9, parent: 2 }));
  await finish(graph);
});

test('interval 0 exports with each batch; an offset moves the time back', async () => {
  const graph = await start({ metrics_flush_interval: 0, metrics_timestamp_offset: '1h' });
  await graph.send(spans({ service: 'a', kind: 'client', id: 1, attributes: { 'db.name': 'd' } }));
  assert.equal(graph.sink.batches.length, 1);
  assert.match(toJson(graph.sink.batches[0]!), /"timeUnixNano":"1704063600000000000"/);
  await finish(graph);
});

test('series without requests for 15 minutes are forgotten', async () => {
  const graph = await start();
  const call = (id: number, name: string) =>
    spans({ service: 'a', kind: 'client', id, attributes: { 'db.name': name } });
  await graph.send(call(1, 'old'));
  await graph.settings.clock.advance(14 * 60_000);
  await graph.send(call(2, 'new'));
  await graph.settings.clock.advance(3 * 60_000);
  graph.sink.batches.length = 0;
  assert.deepEqual(await requests(graph), [
    ' client=a server=new connection_type=database failed=false: 1',
  ]);
  await finish(graph);
});

test('without memory nothing new is taken up', async () => {
  const graph = await start({}, testSettings({ budgetBytes: 20_000 }));
  for (let id = 1; id < 200; id += 1) await graph.send(spans({ service: 'a', kind: 'client', id }));
  assert.ok(graph.settings.meter.value('otelcol_connector_servicegraph_dropped_spans') > 0);
  assert.equal(graph.settings.logger.lines.filter(({ level }) => level === 'warn').length, 1);
  await finish(graph);
});
