import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { healthAnswer } from './status.ts';

function create(config: Record<string, unknown>) {
  const settings = testSettings({ id: 'health_check' });
  const extension = factory.create(
    settings,
    factory.config.parse({ endpoint: 'localhost:0', ...config }),
  );
  const url = () => {
    const line = settings.logger.lines.find((l) => l.message.startsWith('Starting'));
    assert.ok(line !== undefined);
    return `http://localhost:${(line.fields.address as AddressInfo).port}`;
  };
  return { extension, settings, url };
}

test('503 until it is ready, 200 then, 503 again', async () => {
  const { extension, settings, url } = create({});
  await extension.start();
  try {
    const ask = async (init?: RequestInit) => {
      const response = await fetch(url(), init);
      return [response.status, await response.text()] as const;
    };
    const unavailable =
      '{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""}';
    assert.deepEqual(await ask(), [503, unavailable]);
    await extension.ready?.();
    const since = new Date(settings.clock.unixMs()).toISOString();
    await settings.clock.advance(1500);
    const available = `{"status":"Server available","upSince":"${since}","uptime":"1.5s"}`;
    assert.deepEqual(await ask(), [200, available]);
    assert.deepEqual(await ask({ method: 'POST', body: 'x' }), [200, available]);
    assert.deepEqual(await ask({ method: 'HEAD' }), [200, '']);
    assert.equal((await fetch(`${url()}/other`)).status, 200, 'all paths are below /');
    await extension.notReady?.();
    assert.deepEqual(await ask(), [503, unavailable]);
  } finally {
    await extension.shutdown();
    await extension.shutdown();
  }
});

test('path and bodies of one’s own', async () => {
  const { extension, url } = create({
    path: '/health',
    response_body: { healthy: 'fine', unhealthy: 'ill' },
  });
  await extension.start();
  try {
    const response = await fetch(`${url()}/health?x=1`);
    assert.equal(await response.text(), 'ill');
    assert.equal((await fetch(url())).status, 404);
  } finally {
    await extension.shutdown();
  }
  const health = { ready: true, sinceUnixMs: 0, uptimeMs: 0 };
  assert.equal(healthAnswer(health, { healthy: 'fine', unhealthy: '' }).body, 'fine');
  assert.equal(healthAnswer(health, { healthy: '', unhealthy: 'x' }).body, '');
});

test('a port that is taken is told at the start', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
  const endpoint = `localhost:${(other.address() as AddressInfo).port}`;
  try {
    const { extension } = create({ endpoint });
    await assert.rejects(extension.start(), {
      message: new RegExp(`^cannot listen on ${endpoint}: .*EADDRINUSE`),
    });
    await extension.shutdown();
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test('configuration', () => {
  for (const config of [
    { use_v2: true },
    { http: {} },
    { use_v2: true, grpc: null },
    { endpoint: '' },
    { path: 'health' },
    { transport: '' },
  ]) {
    assert.equal(factory.config.safeParse(config).success, false, JSON.stringify(config));
  }
  for (const config of [
    {},
    { check_collector_pipeline: { enabled: true } },
    { component_health: { recovery_duration: '5m' } },
    { auth: { authenticator: 'x' }, tls: { cert_file: 'c', key_file: 'k' } },
  ]) {
    assert.equal(factory.config.safeParse(config).success, true, JSON.stringify(config));
  }
});
