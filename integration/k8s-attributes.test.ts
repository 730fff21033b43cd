// k8s_attributes before a replayed cluster: what the Go collector was recorded to write, and what
// happens when the API changes, forgets, fails or goes away.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before, suite, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { background, type Context } from '../component/consumer.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { factory } from '../processors/k8s_attributes/index.ts';
import { fakeClock, realClock } from '../testing/clock.ts';
import { realTimeSettings, testGates } from '../testing/settings.ts';
import { collectingSink } from '../testing/sinks.ts';
import { until } from '../testing/until.ts';
import { startInside } from './drop-in/lib/run.ts';
import { play } from './drop-in/lib/scenario.ts';
import type { ApiObject } from './k8s/api-server.ts';
import { manyPods, type RunningCluster, scenarios, startCluster } from './k8s/cluster.ts';

suite('the same as the Go collector', () => {
  let cluster: RunningCluster;
  before(async () => {
    cluster = await startCluster();
    process.env.KUBECONFIG = cluster.env.KUBECONFIG;
  });
  after(() => cluster.stop());
  for (const scenario of scenarios()) {
    test(scenario.name, async () => {
      const expected = readFileSync(join(scenario.folder, 'expected.json'), 'utf8');
      assert.deepEqual(await play(scenario, startInside), JSON.parse(expected));
    });
  }
});

function pod(name: string, ip: string, labels: Record<string, string> = {}): ApiObject {
  const metadata = { name, namespace: 'n', uid: `uid-${name}`, labels };
  return { metadata, spec: {}, status: { podIP: ip } };
}

const gateOn = (id: string): string => `processor.k8sattributes.${id}`;

async function startProcessor(
  t: TestContext,
  keys: Readonly<Record<string, unknown>> = {},
  gates: readonly string[] = [],
) {
  const settings = realTimeSettings(realClock(), { gates: testGates(...gates) });
  const given = factory.config.parse({
    auth_type: 'kubeConfig',
    wait_for_metadata: true,
    extract: { metadata: ['k8s.pod.name'] },
    ...keys,
  });
  const sink = collectingSink<'traces'>();
  const processor = factory.create('traces', settings, given, sink);
  t.after(() => processor.shutdown());
  /** The attributes that a resource has afterwards. */
  const ask = async (
    attributes: Record<string, string>,
    ctx: Context = background,
  ): Promise<Record<string, unknown>> => {
    const list = Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    }));
    const text = JSON.stringify({
      resourceSpans: [{ resource: { attributes: list }, scopeSpans: [{ spans: [{ name: 's' }] }] }],
    });
    await processor.consume(parseJson('traces', Buffer.from(text)).editable(), ctx);
    const out = JSON.parse(toJson(sink.batches.at(-1)!)) as {
      resourceSpans: { resource: { attributes?: { key: string; value: object }[] } }[];
    };
    const found = out.resourceSpans[0]!.resource.attributes ?? [];
    return Object.fromEntries(found.map(({ key, value }) => [key, Object.values(value)[0]]));
  };
  const nameAt = async (ip: string): Promise<unknown> => (await ask({ ip }))['k8s.pod.name'];
  return { processor, settings, ask, nameAt };
}

async function clusterOf(t: TestContext, ...pods: ApiObject[]) {
  const cluster = await startCluster({ pods });
  t.after(() => cluster.stop());
  process.env.KUBECONFIG = cluster.env.KUBECONFIG;
  return cluster.server;
}

suite('following the API', { timeout: 300_000 }, () => {
  test('pods come and change', async (t) => {
    const server = await clusterOf(t, pod('a', '10.0.0.1'));
    const { processor, nameAt, settings } = await startProcessor(t);
    await processor.start();
    assert.equal(await nameAt('10.0.0.1'), 'a');
    assert.equal(await nameAt('10.0.0.2'), undefined);
    server.put('pods', pod('b', '10.0.0.2'));
    await until(async () => (await nameAt('10.0.0.2')) === 'b');
    server.put('pods', pod('a', '10.0.0.3'));
    await until(async () => (await nameAt('10.0.0.3')) === 'a');
    server.delete('pods', 'b', 'n');
    await until(() => settings.meter.value('otelcol_otelsvc_k8s_pod_deleted') === 1);
    assert.equal(await nameAt('10.0.0.2'), 'b', 'it stays for the grace period');
    assert.equal(settings.meter.value('otelcol_otelsvc_k8s_pod_added'), 2);
    assert.equal(settings.meter.value('otelcol_otelsvc_k8s_pod_updated'), 1);
    const found = { status: 'success', pod_identifier: 'connection', 'otelcol.signal': 'traces' };
    assert.ok(settings.meter.value('otelcol_k8s_pod_association', found) > 2);
  });

  test('a broken watch goes on where it ended, without a list', async (t) => {
    const server = await clusterOf(t, pod('a', '10.0.0.1'));
    const { processor, nameAt } = await startProcessor(t);
    await processor.start();
    await until(() => server.requests.some((path) => path.includes('watch=true')));
    server.bookmark('pods');
    await sleep(50);
    server.disconnect();
    server.put('pods', pod('b', '10.0.0.2'));
    await until(async () => (await nameAt('10.0.0.2')) === 'b');
    const lists = server.requests.filter((path) => !path.includes('watch=true'));
    assert.equal(lists.length, 1, server.requests.join('\n'));
  });

  test('what the API has forgotten is found by a new list', async (t) => {
    const server = await clusterOf(t, pod('a', '10.0.0.1'), pod('gone', '10.0.0.9'));
    const { processor, nameAt, settings } = await startProcessor(t);
    await processor.start();
    await until(() => server.requests.some((path) => path.includes('watch=true')));
    server.disconnect();
    server.put('pods', pod('b', '10.0.0.2'));
    server.delete('pods', 'gone', 'n');
    server.compact();
    await until(async () => (await nameAt('10.0.0.2')) === 'b');
    assert.equal(settings.meter.value('otelcol_otelsvc_k8s_pod_deleted'), 1);
    assert.equal(server.requests.filter((path) => !path.includes('watch=true')).length, 2);
  });

  test('long lists come in pages', async (t) => {
    const cluster = await startCluster(manyPods(25));
    t.after(() => cluster.stop());
    cluster.server.pageSize = 10;
    process.env.KUBECONFIG = cluster.env.KUBECONFIG;
    const { processor, nameAt } = await startProcessor(t);
    await processor.start();
    assert.equal(await nameAt('10.0.0.24'), 'pod-24-abcdef');
    const pages = cluster.server.requests.filter((path) => path.includes('limit='));
    assert.equal(pages.length, 3);
  });

  test('an API that refuses is asked again', async (t) => {
    const server = await clusterOf(t, pod('a', '10.0.0.1'));
    server.failWith = 403;
    const { processor, nameAt, settings } = await startProcessor(t, { wait_for_metadata: false });
    await processor.start();
    assert.equal(await nameAt('10.0.0.1'), undefined);
    await until(() => settings.logger.lines.some(({ level }) => level === 'warn'));
    assert.match(
      JSON.stringify(settings.logger.lines),
      /cannot read \/api\/v1\/pods: status 403: no such thing here/,
    );
    server.failWith = 0;
    await until(async () => (await nameAt('10.0.0.1')) === 'a');
  });

  test('who waits for pods that do not come does not start', async (t) => {
    const server = await clusterOf(t);
    server.failWith = 500;
    const { processor } = await startProcessor(t, { wait_for_metadata_timeout: '50ms' });
    await assert.rejects(processor.start(), /failed to wait for caches to sync/);
  });

  test('a kubeconfig that is not there, and an excluded name that is no pattern', async (t) => {
    process.env.KUBECONFIG = '/no/such/kubeconfig';
    const { processor } = await startProcessor(t);
    await assert.rejects(processor.start(), /cannot find a kubeconfig: there is no \/no\/such/);
    const other = await startProcessor(t, { exclude: { pods: [{ name: '(' }] } });
    await assert.rejects(other.processor.start(), /cannot use name "\("/);
  });

  test('outside of a cluster', async (t) => {
    const { processor } = await startProcessor(t, { auth_type: 'serviceAccount' });
    const before = process.env.KUBERNETES_SERVICE_HOST;
    delete process.env.KUBERNETES_SERVICE_HOST;
    t.after(() => {
      if (before !== undefined) process.env.KUBERNETES_SERVICE_HOST = before;
    });
    await assert.rejects(processor.start(), /KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT/);
  });

  test('the sender identifies a pod', async (t) => {
    await clusterOf(t, pod('a', '10.0.0.1'));
    const { processor, ask } = await startProcessor(t);
    await processor.start();
    const from = (address: string): Context => ({
      ...background,
      client: { address, metadata: new Map() },
    });
    assert.deepEqual(await ask({}, from('10.0.0.1:4317')), { 'k8s.pod.name': 'a' });
    assert.deepEqual(await ask({}, from('[::ffff:10.0.0.1]:4317')), { 'k8s.pod.name': 'a' });
    assert.deepEqual(await ask({}, from('[::1]:4317')), {});
  });
});

suite('feature gates', { timeout: 300_000 }, () => {
  const keys = { extract: { labels: [{ key: 'app' }] } };
  const web = pod('a', '10.0.0.1', { app: 'web' });
  const withImage = { ...web, spec: { containers: [{ name: 'main', image: 'r.io/a:2' }] } };

  test('both conventions', async (t) => {
    await clusterOf(t, withImage);
    const { processor, ask } = await startProcessor(t, keys, [gateOn('EmitV1K8sConventions')]);
    await processor.start();
    const found = await ask({ ip: '10.0.0.1' });
    assert.equal(found['k8s.pod.label.app'], 'web');
    assert.equal(found['k8s.pod.labels.app'], 'web');
    assert.equal(found['container.image.tag'], '2');
    assert.deepEqual(found['container.image.tags'], { values: [{ stringValue: '2' }] });
  });

  test('only the new ones, and new names of metrics', async (t) => {
    await clusterOf(t, withImage);
    const { processor, ask, settings } = await startProcessor(t, keys, [
      gateOn('EmitV1K8sConventions'),
      gateOn('DontEmitV0K8sConventions'),
      gateOn('telemetry.enableNewFormatMetrics'),
      gateOn('telemetry.disableOldFormatMetrics'),
    ]);
    await processor.start();
    const found = await ask({ ip: '10.0.0.1' });
    assert.equal(found['k8s.pod.label.app'], 'web');
    assert.equal(found['k8s.pod.labels.app'], undefined);
    assert.equal(found['container.image.tag'], undefined);
    assert.equal(settings.meter.value('otelcol_k8s_watcher_pod_added'), 1);
    assert.ok(![...settings.meter.names].some((name) => name.includes('otelsvc')));
  });

  test('neither is refused', async (t) => {
    const { processor } = await startProcessor(t, keys, [gateOn('DontEmitV0K8sConventions')]);
    await assert.rejects(processor.start(), /cannot be enabled without enabling/);
  });
});

test('what is known is worked out anew in an interval', async (t) => {
  const server = await clusterOf(t, pod('a', '10.0.0.1'));
  const clock = fakeClock();
  const settings = { ...realTimeSettings(clock), clock };
  const given = factory.config.parse({ auth_type: 'kubeConfig', watch_sync_period: '1m' });
  const processor = factory.create('traces', settings, given, collectingSink<'traces'>());
  t.after(() => processor.shutdown());
  await processor.start();
  await until(() => settings.meter.value('otelcol_otelsvc_k8s_pod_added') === 1);
  await clock.advance(180_000);
  assert.equal(settings.meter.value('otelcol_otelsvc_k8s_pod_updated'), 3);
  assert.equal(server.requests.filter((path) => !path.includes('watch=true')).length, 1);
});
