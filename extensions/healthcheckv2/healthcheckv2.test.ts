import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { ComponentStatus, InstanceStatus } from '../../component/view.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings, testView } from '../../testing/settings.ts';
import { aggregate, scopeOf } from './aggregate.ts';
import type { ComponentHealth } from './config.ts';
import { decodeService } from './grpc.ts';
import { httpCode, servingOf } from './health.ts';
import { factory } from './index.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const one = (
  name: string,
  status: ComponentStatus,
  sinceUnixMs = 1,
  pipelines: readonly string[] = ['traces'],
): InstanceStatus => {
  const [kind, id] = name.split(':') as [InstanceStatus['kind'], string];
  return { kind, id, pipelines, status, error: status.includes('Error') ? id : '', sinceUnixMs };
};

test('one status of several', () => {
  const of = (statuses: readonly ComponentStatus[], priority: 'permanent' | 'recoverable') =>
    aggregate(
      statuses.map((status, i) => one(`exporter:e${i}`, status, i)),
      priority,
      0,
    );
  const words: Record<string, ComponentStatus> = {
    o: 'StatusOK',
    s: 'StatusStarting',
    r: 'StatusRecoverableError',
    p: 'StatusPermanentError',
    f: 'StatusFatalError',
    t: 'StatusStopping',
    d: 'StatusStopped',
  };
  const cases: Record<string, ComponentStatus> = {
    oo: 'StatusOK',
    os: 'StatusStarting',
    or: 'StatusRecoverableError',
    orp: 'StatusPermanentError',
    sp: 'StatusStarting',
    ofs: 'StatusFatalError',
    ot: 'StatusStopping',
    od: 'StatusStopping',
    dd: 'StatusStopped',
    rr: 'StatusRecoverableError',
  };
  for (const [text, wanted] of Object.entries(cases)) {
    assert.equal(
      of(
        [...text].map((c) => words[c]!),
        'permanent',
      ).status,
      wanted,
      text,
    );
  }
  const both = ['StatusPermanentError', 'StatusRecoverableError', 'StatusOK'] as const;
  assert.equal(of(both, 'recoverable').status, 'StatusRecoverableError');
  const first = of(['StatusOK', 'StatusPermanentError', 'StatusPermanentError'], 'permanent');
  assert.deepEqual([first.error, first.sinceUnixMs], ['e1', 1], 'the first error');
  assert.equal(of(['StatusOK', 'StatusOK'], 'permanent').sinceUnixMs, 1, 'the last success');
  assert.equal(aggregate([], 'permanent', 7).sinceUnixMs, 7);
});

test('the order of instances does not count', () => {
  const statuses = fc.constantFrom<ComponentStatus>(
    'StatusOK',
    'StatusStarting',
    'StatusRecoverableError',
    'StatusPermanentError',
    'StatusStopped',
  );
  const instance = fc.tuple(statuses, fc.constantFrom('traces', 'logs'));
  fc.assert(
    fc.property(fc.array(instance, { minLength: 1, maxLength: 6 }), (given) => {
      const list = given.map(([status, p], i) => one(`processor:p${i}`, status, i, [p]));
      const brief = (all: readonly InstanceStatus[]) => {
        const { status, error, sinceUnixMs } = aggregate(all, 'permanent', 0);
        return { status, error, sinceUnixMs };
      };
      assert.deepEqual(brief(list), brief(list.toReversed()));
    }),
  );
});

test('which errors count', () => {
  const health = (given: Partial<ComponentHealth>): ComponentHealth => ({
    include_permanent_errors: false,
    include_recoverable_errors: false,
    recovery_duration: 0,
    ...given,
  });
  const all = (status: ComponentStatus) =>
    aggregate([one('exporter:e', status, 0)], 'permanent', 0);
  const code = (status: ComponentStatus, given: ComponentHealth | undefined, nowMs = 5) => [
    httpCode(all(status), given, nowMs),
    servingOf(all(status), given, nowMs),
  ];
  assert.deepEqual(code('StatusOK', undefined), [200, 1]);
  assert.deepEqual(code('StatusStarting', undefined), [503, 2]);
  assert.deepEqual(code('StatusPermanentError', undefined), [200, 1]);
  assert.deepEqual(code('StatusFatalError', undefined), [500, 2]);
  const permanent = health({ include_permanent_errors: true });
  assert.deepEqual(code('StatusPermanentError', permanent), [500, 2]);
  assert.deepEqual(code('StatusRecoverableError', permanent), [200, 1]);
  const soon = health({ include_recoverable_errors: true, recovery_duration: 10 });
  assert.deepEqual(code('StatusRecoverableError', soon, 9), [200, 1]);
  assert.deepEqual(code('StatusRecoverableError', soon, 11), [500, 2]);
});

async function start(given: object, statuses: () => readonly InstanceStatus[]) {
  const settings = realTimeSettings(systemClock, { id: 'healthcheckv2' });
  const watchers = new Set<() => void>();
  const view = testView({
    statuses,
    watchStatuses: (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
    config: async () => '{"receivers":{}}',
  });
  const own = { ...settings, host: { ...settings.host, view } };
  const extension = factory.create(own, factory.config.parse(given));
  await extension.start();
  closers.push(() => extension.shutdown());
  const line = settings.logger.lines.at(-1)!;
  const port = (line.fields.http as AddressInfo | undefined)?.port;
  const change = () => {
    for (const watcher of watchers) watcher();
  };
  return { extension, url: `http://127.0.0.1:${port}`, grpcPort: line.fields.grpc, change };
}

test('statuses over HTTP', async () => {
  let statuses = [one('receiver:otlp', 'StatusOK', 1000), one('extension:x', 'StatusOK', 2000, [])];
  const given = { use_v2: true, http: { endpoint: '127.0.0.1:0', config: { enabled: true } } };
  const { extension, url } = await start(given, () => statuses);
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, await response.text()] as const;
  };
  const json = async (path: string): Promise<Record<string, unknown>> => {
    const [status, text] = await ask(path);
    return { http: status, ...(JSON.parse(text) as object) };
  };
  const starting = await json('/status');
  assert.deepEqual([starting.http, starting.status], [503, 'StatusStarting']);
  await extension.ready?.();
  const { start_time: started, ...brief } = await json('/status');
  assert.ok(!Number.isNaN(Date.parse(String(started))));
  assert.deepEqual(brief, {
    http: 200,
    healthy: true,
    status: 'StatusOK',
    status_time: '1970-01-01T00:00:02.000Z',
    attributes: {},
  });
  const { components } = await json('/status?verbose');
  assert.deepEqual(Object.keys(components as object), ['pipeline:traces', 'extensions']);
  assert.equal((await json('/status?verbose=false')).components, undefined);
  const traces = await json('/status?pipeline=traces&verbose');
  assert.deepEqual(Object.keys(traces.components as object), ['receiver:otlp']);
  assert.deepEqual(await ask('/status?pipeline=logs'), [404, '']);
  assert.deepEqual(await ask('/config'), [200, '{"receivers":{}}']);
  assert.equal((await ask('/'))[0], 404);
  statuses = [one('exporter:e', 'StatusPermanentError', 5)];
  assert.deepEqual([(await json('/status')).http, (await json('/status')).error], [200, 'e']);
});

test('the first version, over statuses', async () => {
  const { extension, url } = await start({ endpoint: '127.0.0.1:0' }, () => [
    one('receiver:otlp', 'StatusOK'),
  ]);
  assert.equal((await fetch(url)).status, 503);
  await extension.ready?.();
  const response = await fetch(`${url}/anything`);
  assert.match(await response.text(), /^\{"status":"Server available","upSince":"[^"]+","uptime":/);
});

test('the gRPC health service', async () => {
  const grpc = await import('@grpc/grpc-js');
  let statuses = [one('receiver:otlp', 'StatusOK')];
  const given = { use_v2: true, grpc: { endpoint: '127.0.0.1:0' } };
  const { extension, grpcPort, change } = await start(given, () => statuses);
  await extension.ready?.();
  const client = new grpc.Client(`127.0.0.1:${grpcPort}`, grpc.credentials.createInsecure());
  closers.push(() => client.close());
  const encode = (service: string) =>
    Buffer.concat([Buffer.from([10, service.length]), Buffer.from(service)]);
  const decode = (bytes: Buffer) => bytes[1];
  const check = (service: string) =>
    new Promise((resolve) => {
      const path = '/grpc.health.v1.Health/Check';
      client.makeUnaryRequest(path, encode, decode, service, (error, answer) => {
        resolve(error === null ? answer : error.code);
      });
    });
  assert.equal(await check(''), 1);
  assert.equal(await check('traces'), 1);
  assert.equal(await check('nothing'), grpc.status.NOT_FOUND);
  const path = '/grpc.health.v1.Health/Watch';
  const watch = client.makeServerStreamRequest(path, encode, decode, 'logs');
  const seen: unknown[] = [];
  const told = () => new Promise((resolve) => watch.once('data', resolve));
  watch.on('data', (status) => seen.push(status));
  const ended = new Promise<{ code?: number }>((resolve) => watch.on('error', resolve));
  await told();
  statuses = [...statuses, one('receiver:otlp', 'StatusOK', 1, ['logs'])];
  change();
  await told();
  statuses = [one('receiver:otlp', 'StatusStopped', 1, ['logs'])];
  change();
  await told();
  assert.deepEqual(seen, [3, 1, 2]);
  await extension.shutdown();
  assert.equal((await ended).code, grpc.status.CANCELLED);
});

test('requests that are none', () => {
  assert.equal(decodeService(Buffer.from([])), '');
  assert.equal(decodeService(Buffer.from([10, 1, 97])), 'a');
  assert.equal(decodeService(Buffer.from([16, 5, 18, 1, 0, 10, 1, 98])), 'b');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      try {
        assert.equal(typeof decodeService(Buffer.from(bytes)), 'string');
      } catch (error) {
        assert.equal((error as Error).message, 'cannot read HealthCheckRequest');
      }
    }),
  );
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), undefined);
  assert.equal(message({ use_v2: true }), 'must specify at least one protocol');
  assert.equal(message({ use_v2: true, grpc: {} }), undefined);
  assert.equal(message({ use_v2: true, grpc: { endpoint: '' } }), 'grpc endpoint required');
  assert.equal(message({ use_v2: true, http: { endpoint: '' } }), 'http endpoint required');
  const path = { status: { path: 'x' } };
  assert.equal(message({ use_v2: true, http: path }), 'path must start with /');
  assert.equal(message({ path: 'x' }), 'path must start with /');
  assert.equal(scopeOf(aggregate([], 'permanent', 0), 'extensions'), undefined);
});
