import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { background } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { LogsBuilder, MetricsBuilder, TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { selectItems } from '../../pdata/select.ts';
import type { KubernetesApi } from '../../pipeline/kubernetes/api.ts';
import { realTimeSettings, type TestSettings, testSettings } from '../../testing/settings.ts';
import { until } from '../../testing/until.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { realTime, startServer } from '../../wire/grpc/testing.ts';
import { Routes } from './assignment.ts';
import { config } from './config.ts';
import { createIn } from './index.ts';
import { realWorld, resolverOf, type World } from './resolver.ts';
import { routerFor } from './routes.ts';
import { Telemetry } from './telemetry.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const anyBackend = { resolver: { static: { hostnames: ['a'] } } };

/** The routing key of each item of a batch, in order. */
function keysOf<S extends Signal>(signal: S, batch: Batch<S>, given: object): string[] {
  const route = routerFor(signal, config.parse({ ...anyBackend, ...given }), () => 0);
  const keys: string[] = [];
  const routes = new Routes(batch.itemCount);
  route(batch, routes, (key) => {
    keys.push(typeof key === 'string' ? key : Buffer.from(key).toString('hex'));
    return keys.length - 1;
  });
  const result: string[] = new Array(batch.itemCount).fill('skipped');
  for (const [index, part] of routes.parts) {
    part.forEach((flag, item) => {
      if (flag === 1) result[item] = keys[index]!;
    });
  }
  return result;
}

const id = (fill: number): Uint8Array => new Uint8Array(16).fill(fill);

function traces() {
  const w = new TracesBuilder();
  const span = (trace: number, name: string, attributes = {}) =>
    w.span({
      traceId: id(trace),
      spanId: new Uint8Array(8).fill(1),
      ...{ name, kind: 2, startTimeUnixNano: 1n, endTimeUnixNano: 2n, attributes },
    });
  w.resource({ 'service.name': 'shop' });
  w.scope('lib', '1', { team: 'x' });
  span(1, 'first', { user: 5 });
  span(2, 'other');
  span(1, 'second');
  w.resource({});
  w.scope();
  span(1, 'third');
  return w.finish();
}

describe('routing keys', () => {
  it('of spans', () => {
    const batch = traces();
    const hex = (fill: number) => Buffer.from(id(fill)).toString('hex');
    assert.deepEqual(keysOf('traces', batch, {}), [hex(1), hex(2), hex(1), hex(1)]);
    const service = [
      'service.name=shop|',
      'service.name=shop|',
      'service.name=shop|',
      'service.name=|',
    ];
    assert.deepEqual(keysOf('traces', batch, { routing_key: 'service' }), service);
    const attributes = ['user', 'team', 'span.name', 'span.kind'];
    assert.deepEqual(
      keysOf('traces', batch, { routing_key: 'attributes', routing_attributes: attributes }),
      [
        'user=5|team=x|span.name=first|span.kind=Server|',
        'user=|team=x|span.name=other|span.kind=Server|',
        'user=5|team=x|span.name=first|span.kind=Server|',
        'user=|team=|span.name=third|span.kind=Server|',
      ],
    );
  });

  it('of log records', () => {
    const w = new LogsBuilder();
    w.resource({ 'service.name': 'shop' });
    w.scope();
    w.record({ timeUnixNano: 1n, traceId: id(7), severityText: 'WARN', body: { a: 1 } });
    w.record({ timeUnixNano: 1n, severityText: 'INFO' });
    w.resource({ a: 1 });
    w.scope();
    w.record({ timeUnixNano: 1n, body: 'text' });
    const batch = w.finish();
    assert.deepEqual(keysOf('logs', batch, {}), ['shop', 'shop', 'skipped']);
    const [first, second] = keysOf('logs', batch, { routing_key: 'traceID' });
    assert.equal(first, Buffer.from(id(7)).toString('hex'));
    assert.notEqual(second, first);
    const names = ['log.severity', 'log.body', 'a'];
    assert.deepEqual(
      keysOf('logs', batch, { routing_key: 'attributes', routing_attributes: names }),
      [
        'log.severity=WARN|log.body={"a":1}|a=|',
        'log.severity=WARN|log.body={"a":1}|a=|',
        'log.severity=|log.body=text|a=1|',
      ],
    );
    const resources = keysOf('logs', batch, { routing_key: 'resource' });
    assert.match(resources[0]!, /^resource\/[0-9a-f]+$/);
    assert.equal(resources[0], resources[1]);
    assert.notEqual(resources[1], resources[2]);
  });

  it('of data points', () => {
    const w = new MetricsBuilder();
    w.resource({ 'service.name': 'shop' });
    w.scope('lib');
    w.metric('m', 'ms');
    w.sum(2, true);
    w.numberPoint({ timeUnixNano: 1n, value: 1n, attributes: { k: 'v' } });
    w.numberPoint({ timeUnixNano: 1n, value: 1n, attributes: { k: 'w' } });
    w.metric('n');
    w.gauge();
    w.numberPoint({ timeUnixNano: 1n, value: 1n });
    const batch = w.finish();
    assert.deepEqual(keysOf('metrics', batch, {}), ['shop', 'shop', 'shop']);
    assert.deepEqual(keysOf('metrics', batch, { routing_key: 'metric' }), ['m', 'm', 'n']);
    const streams = keysOf('metrics', batch, { routing_key: 'streamID' });
    assert.equal(new Set(streams).size, 3);
    const given = { routing_key: 'attributes', routing_attributes: ['service.name', 'k'] };
    const keys = ['service.name=shop|k=v|', 'service.name=shop|k=w|', 'service.name=shop|k=|'];
    assert.deepEqual(keysOf('metrics', batch, given), keys);
  });

  it('that a signal does not have are refused', () => {
    const router = (signal: Signal, key: string) =>
      routerFor(signal, config.parse({ ...anyBackend, routing_key: key }), () => 0);
    assert.throws(() => router('traces', 'metric'), /unsupported routing_key: "metric"/);
    assert.throws(() => router('metrics', 'traceID'), /unsupported routing_key/);
    assert.throws(() => router('logs', 'streamID'), /unsupported routing_key/);
    const none = new LogsBuilder();
    none.resource({});
    none.record({ timeUnixNano: 1n });
    assert.throws(() => keysOf('logs', none.finish(), {}), /unable to get service name/);
  });
});

/** A gRPC server that keeps the requests it gets. */
async function server(answer: (call: ServerCall) => void = (call) => call.ok()) {
  const seen: Buffer[] = [];
  const handler = (call: ServerCall, message: Buffer): void => {
    seen.push(Buffer.from(message));
    answer(call);
  };
  const started = await startServer(handler, { methods: new Map([[otlpPaths.traces, handler]]) });
  closers.push(() => started.server.close(0));
  const names = () =>
    seen.flatMap((bytes) =>
      [...toJson(parseRequest('traces', bytes)).matchAll(/"name":"(span [^"]*)"/g)].map(
        (m) => m[1]!,
      ),
    );
  return { seen, names, port: started.port };
}

const clock = { ...realTime, unixMs: () => Date.now() };

function manyTraces(count: number) {
  const w = new TracesBuilder();
  w.resource({ 'service.name': 'shop' });
  w.scope();
  for (let i = 0; i < count; i += 1) {
    const traceId = new Uint8Array(16);
    new DataView(traceId.buffer).setUint32(0, Math.imul(i >> 1, 0x9e3779b1));
    const spanId = new Uint8Array(8).fill(i + 1);
    w.span({ traceId, spanId, name: `span ${i}`, startTimeUnixNano: 1n, endTimeUnixNano: 2n });
  }
  return w.finish();
}

describe('the exporter', () => {
  const otlp = (more: object = {}) => ({
    otlp: { tls: { insecure: true }, sending_queue: { enabled: false }, ...more },
  });

  it('sends each trace to one backend and loses nothing', async () => {
    const servers = [await server(), await server(), await server()];
    const settings = realTimeSettings(clock, { id: 'load_balancing' });
    const hostnames = servers.map(({ port }) => `127.0.0.1:${port}`);
    const given = config.parse({ protocol: otlp(), resolver: { static: { hostnames } } });
    const exporter = createIn(realWorld, 'traces', settings, given);
    await exporter.start();
    const { meter } = settings;
    assert.equal(meter.value('otelcol_loadbalancer_num_backends', { resolver: 'static' }), 3);
    await exporter.consume(manyTraces(200), background);
    const all = servers.flatMap(({ names }) => names());
    assert.equal(new Set(all).size, 200);
    for (const { names } of servers) {
      assert.ok(names().length > 20, String(names().length));
      const numbers = names().map((name) => Number(name.slice(5)));
      for (const n of numbers)
        assert.ok(numbers.includes(n ^ 1), `both spans of the trace of ${n}`);
    }
    assert.equal(meter.value('otelcol_loadbalancer_backend_outcome', { success: 'true' }), 3);
    assert.equal(meter.value('otelcol_exporter_sent_spans', { exporter: settings.id }), 200);
    const node = settings.book.snapshot().nodes.find((one) => one.node === 'load_balancing')!;
    assert.equal(node.delivered, 200);
    await exporter.shutdown();
    assert.equal(meter.gauges, 0);
  });

  it('refuses all when one backend does, and counts what the others took', async () => {
    const good = await server();
    const bad = await server((call) => call.fail(14, 'busy'));
    const settings = realTimeSettings(clock, { id: 'load_balancing' });
    const hostnames = [good, bad].map(({ port }) => `127.0.0.1:${port}`);
    const protocol = otlp({ retry_on_failure: { enabled: false } });
    const given = config.parse({ protocol, resolver: { static: { hostnames } } });
    const exporter = createIn(realWorld, 'traces', settings, given);
    await exporter.start();
    const error = await exporter.consume(manyTraces(100), background).catch((e: unknown) => e);
    assert.equal((error as { retryable?: boolean }).retryable, true);
    const node = settings.book.snapshot().nodes.find((one) => one.node === 'load_balancing')!;
    assert.equal(node.delivered, good.names().length);
    assert.equal(node.created, node.delivered);
    assert.equal(
      settings.meter.value('otelcol_loadbalancer_backend_outcome', { success: 'false' }),
      1,
    );
    await exporter.shutdown();
  });

  it('routes anew what a backend that went had refused', async () => {
    const gone = await server((call) => call.fail(14, 'going'));
    const stays = await server();
    let addresses = [gone, stays];
    const settings = realTimeSettings(clock, { id: 'load_balancing' });
    const world: World = {
      ...realWorld,
      lookUp: async () =>
        addresses.map(({ port }) => ({ address: `127.0.0.1:${port}`, family: 4 })),
    };
    const given = config.parse({
      protocol: otlp({ retry_on_failure: { enabled: false } }),
      resolver: { dns: { hostname: 'x', interval: '20ms' } },
      retry_on_failure: { enabled: true, initial_interval: '30ms' },
    });
    const exporter = createIn(world, 'traces', settings, given);
    await exporter.start();
    const sent = exporter.consume(manyTraces(50), background);
    addresses = [stays];
    await sent;
    assert.equal(new Set(stays.names()).size, 50);
    assert.ok(settings.meter.value('otelcol_loadbalancer_num_backend_updates') >= 2);
    await exporter.shutdown();
  });
});

/** What a resolver said, with a world that can be changed. */
async function resolving(given: object, world: Partial<World>, settings: TestSettings) {
  const decoded = config.parse({ resolver: given });
  const telemetry = new Telemetry(settings, 'x', 'traces');
  const resolver = resolverOf(decoded, settings, telemetry, { ...realWorld, ...world });
  const lists: string[][] = [];
  await resolver.start(async (endpoints) => void lists.push([...endpoints]));
  return { resolver, lists };
}

describe('resolvers', () => {
  it('dns: all addresses, looked up again and again, in time', async () => {
    const settings = testSettings();
    let answer: 'none' | 'late' | string[] = ['10.0.0.2', '10.0.0.1', '::1', '10.0.0.1'];
    const lookUp: World['lookUp'] = async () => {
      if (answer === 'late') return new Promise(() => {});
      if (answer === 'none') throw new Error('no such name');
      return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    };
    const { resolver, lists } = await resolving(
      { dns: { hostname: 'x', port: 99 } },
      { lookUp },
      settings,
    );
    assert.deepEqual(lists.pop(), ['10.0.0.1:99', '10.0.0.2:99', '[::1]:99']);
    await settings.clock.advance(5000);
    assert.deepEqual(lists, [], 'nothing changed');
    answer = ['10.0.0.9'];
    await settings.clock.advance(5000);
    assert.deepEqual(lists.pop(), ['10.0.0.9:99']);
    answer = 'none';
    await settings.clock.advance(5000);
    answer = 'late';
    await settings.clock.advance(6000);
    assert.deepEqual(lists, [], 'a failure changes nothing');
    assert.match(settings.logger.lines.at(-1)?.message ?? '', /failed to resolve/);
    assert.equal(
      settings.meter.value('otelcol_loadbalancer_num_resolutions', { success: 'false' }),
      2,
    );
    resolver.stop();
    await settings.clock.advance(20_000);
    assert.equal(settings.clock.pending, 0);
  });

  it('k8s: ready endpoints of the slices of a service, followed by a watch', async () => {
    const slice = (name: string, ...endpoints: object[]) => ({ metadata: { name }, endpoints });
    const at = (address: string, hostname?: string, ready = true) => ({
      addresses: [address],
      ...(hostname === undefined ? {} : { hostname }),
      conditions: { ready },
    });
    const paths: string[] = [];
    let watch: http.ServerResponse | undefined;
    const api = http.createServer((request, response) => {
      paths.push(`${request.headers.authorization} ${request.url}`);
      if (request.url!.includes('watch=true')) {
        response.writeHead(200);
        response.flushHeaders();
        watch = response;
        return;
      }
      const items = [
        slice('s1', at('10.0.0.1'), at('10.0.0.7', 'p7', false)),
        slice('s2', at('10.0.0.2', 'p2')),
      ];
      response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items }));
    });
    await new Promise<void>((done) => api.listen(0, '127.0.0.1', done));
    closers.push(() => {
      api.closeAllConnections();
      api.close();
    });
    const kubernetes = async (): Promise<KubernetesApi> => ({
      url: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      token: async () => 'secret',
      namespace: 'mine',
    });
    const settings = testSettings();
    const given = { k8s: { service: 'lb', ports: [4317, 4318] } };
    const { resolver, lists } = await resolving(given, { kubernetes }, settings);
    assert.deepEqual(lists.pop(), [
      '10.0.0.1:4317',
      '10.0.0.1:4318',
      '10.0.0.2:4317',
      '10.0.0.2:4318',
    ]);
    await until(() => watch !== undefined);
    const say = (type: string, object: object) =>
      watch!.write(`${JSON.stringify({ type, object })}\n`);
    say('MODIFIED', slice('s1', at('10.0.0.3')));
    say('DELETED', slice('s2'));
    await until(() => lists.length >= 2);
    assert.deepEqual(lists.pop(), ['10.0.0.3:4317', '10.0.0.3:4318']);
    watch!.end();
    await until(() => lists.length >= 2);
    assert.equal(lists.pop()!.length, 4, 'it lists anew when the watch ends');
    const selector = 'labelSelector=kubernetes.io%2Fservice-name%3Dlb';
    const base = `Bearer secret /apis/discovery.k8s.io/v1/namespaces/mine/endpointslices?${selector}`;
    assert.equal(paths[0], base);
    assert.equal(paths[1], `${base}&watch=true&resourceVersion=7&timeoutSeconds=300`);
    resolver.stop();
    const named = { k8s: { service: 'lb.other', return_hostnames: true } };
    const second = await resolving(named, { kubernetes }, testSettings());
    assert.deepEqual(second.lists.pop(), ['p2.lb.other']);
    second.resolver.stop();
    assert.ok(paths.some((path) => path.includes('/namespaces/other/')));
  });

  it('k8s: outside of a cluster the start fails with the reason', async () => {
    const { inCluster } = await import('../../pipeline/kubernetes/api.ts');
    const kubernetes = () => inCluster({});
    await assert.rejects(
      resolving({ k8s: { service: 'lb' } }, { kubernetes }, testSettings()),
      /does not run in a cluster/,
    );
  });
});

describe('configuration', () => {
  it('names the key at fault', () => {
    const message = (given: object) => config.safeParse(given).error?.issues[0]?.message;
    assert.match(message({}) ?? '', /no resolvers specified/);
    const two = { static: { hostnames: ['a'] }, dns: { hostname: 'x' } };
    assert.match(message({ resolver: two }) ?? '', /only one resolver/);
    assert.match(message({ resolver: { static: {} } }) ?? '', /no endpoints specified/);
    assert.match(message({ resolver: { aws_cloud_map: {} } }) ?? '', /does not exist here/);
  });

  it('retries only when it is told so', () => {
    const retry = (given: unknown) =>
      config.parse({ ...anyBackend, retry_on_failure: given }).retry_on_failure;
    assert.equal(retry(undefined), undefined);
    assert.equal(retry({ initial_interval: '1s' }), undefined);
    assert.equal(retry({ enabled: true, initial_interval: '1s' })?.initial_interval, 1000);
  });

  it('parts of a batch hold what was given to them', () => {
    const batch = traces();
    const routes = new Routes(batch.itemCount);
    for (const to of [0, 1, undefined, 0]) routes.give(to);
    assert.equal(selectItems(batch, routes.parts.get(0)!)?.itemCount, 2);
    assert.equal(routes.skipped, 1);
  });
});
