import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toJson } from '../../pdata/json.ts';
import { decodeMetrics } from '../../pdata/objects/index.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { config } from './config/index.ts';
import { PrometheusReceiver } from './receiver.ts';

interface Answer {
  readonly body: string | Buffer;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

async function serve(t: TestContext, answer: (path: string) => Answer) {
  const asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    const {
      body,
      status = 200,
      headers = { 'content-type': 'text/plain' },
    } = answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function start(t: TestContext, job: object, keys: object = {}) {
  const clock = fakeClock();
  const settings = testSettings({ id: 'prometheus', clock });
  const sink = collectingSink<'metrics'>();
  const given = config.parse({
    config: { scrape_configs: [{ job_name: 'job', scrape_interval: '10s', ...job }] },
    ...keys,
  });
  const receiver = new PrometheusReceiver(settings, given, sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  /** Waits for as many batches as there are after one more interval. */
  const next = async (): Promise<readonly (readonly [string, unknown])[]> => {
    const before = sink.batches.length;
    await clock.advance(10_000);
    for (let i = 0; i < 6000 && sink.batches.length === before; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return pointsOf(sink.batches.at(-1)!);
  };
  return { settings, sink, receiver, next, clock };
}

function pointsOf(batch: Parameters<typeof decodeMetrics>[0]) {
  const points: (readonly [string, unknown])[] = [];
  for (const { scopes } of decodeMetrics(batch)) {
    for (const { items } of scopes) {
      for (const metric of items) points.push([metric.name, metric]);
    }
  }
  return points;
}

const names = (points: readonly (readonly [string, unknown])[]): string[] =>
  points.map(([name]) => name).filter((name) => name !== 'scrape_duration_seconds');

const own = [
  'up',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
];

test('a target is asked as Prometheus asks, and its metrics come', async (t) => {
  const { asked, address } = await serve(t, () => ({ body: 'a 1\nb{x="y"} 2\n' }));
  const { next, receiver, settings } = await start(t, {
    static_configs: [{ targets: [address] }],
    params: { module: ['m', 'n'] },
    metrics_path: '/probe',
    basic_auth: { username: 'u', password: 'p' },
    http_headers: { 'x-more': { values: ['1'] } },
  });
  assert.deepEqual(names(await next()), ['a', 'b', ...own]);
  assert.equal(receiver.targets.length, 1);
  const [{ url, headers }] = asked as [(typeof asked)[0]];
  assert.equal(url, '/probe?module=m&module=n');
  assert.equal(headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
  assert.equal(headers['x-prometheus-scrape-timeout-seconds'], '10');
  assert.equal(headers['x-more'], '1');
  assert.equal(headers['accept-encoding'], 'gzip');
  assert.match(headers.accept ?? '', /^application\/openmetrics-text;version=1.0.0;escaping=allow/);
  await receiver.shutdown();
  assert.equal(settings.budget.used, 0);
});

test('compressed answers; bodies that are too long; other statuses', async (t) => {
  let answer: Answer = {
    body: gzipSync('a 1\n'),
    headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  };
  const { address } = await serve(t, () => answer);
  const { next } = await start(t, {
    static_configs: [{ targets: [address] }],
    body_size_limit: '1KB',
    extra_scrape_metrics: true,
  });
  const more = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'];
  assert.deepEqual(names(await next()), ['a', ...own, ...more]);
  answer = { ...answer, body: gzipSync('#'.repeat(1 << 20)) };
  assert.deepEqual(names(await next()), ['a', ...own, ...more]);
  answer = { body: 'a 1\n', status: 503 };
  assert.deepEqual(names(await next()), [...own, ...more]);
  answer = { body: 'a 1\n', headers: { 'content-type': 'text/plain' } };
  assert.deepEqual(names(await next()), ['a', ...own, ...more]);
});

test('redirects are followed where they may be', async (t) => {
  const { address } = await serve(t, (path) =>
    path === '/metrics'
      ? { body: '', status: 302, headers: { location: '/elsewhere' } }
      : { body: 'a 1\n' },
  );
  const job = { static_configs: [{ targets: [address] }] };
  assert.deepEqual(names(await (await start(t, job)).next()), ['a', ...own]);
  const strict = await start(t, { ...job, follow_redirects: false });
  assert.deepEqual(names(await strict.next()), own);
});

test('what the pipeline refuses is dropped and said', async (t) => {
  const { address } = await serve(t, () => ({ body: 'a 1\n' }));
  const { next, sink, settings, clock } = await start(t, {
    static_configs: [{ targets: [address] }],
  });
  await next();
  sink.failures.push(permanent());
  await clock.advance(10_000);
  const errors = () => settings.logger.lines.filter(({ level }) => level === 'error');
  for (let i = 0; i < 6000 && errors().length === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(
    errors().map(({ fields }) => fields),
    [{ error: 'bad data', dropped_items: 6 }],
  );
  assert.deepEqual(names(await next()), ['a', ...own]);
});

test('the end does not wait for a target that does not answer', async (t) => {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const job = { static_configs: [{ targets: [address] }], scrape_interval: '1h' };
  const { receiver, clock, sink, settings } = await start(t, { ...job, scrape_timeout: '1h' });
  await clock.advance(3_600_000);
  for (let i = 0; i < 6000 && asked === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await receiver.shutdown();
  assert.equal(asked, 1);
  assert.equal(sink.batches.length, 0);
  assert.equal(settings.budget.used, 0);
});

test('a target that is gone: its series end, and so do those about it', async (t) => {
  const { address } = await serve(t, () => ({ body: 'a 1\n' }));
  const folder = mkdtempSync(join(tmpdir(), 'targets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'targets.json');
  writeFileSync(file, JSON.stringify([{ targets: [address] }]));
  const { next, receiver, clock, sink } = await start(t, { file_sd_configs: [{ files: [file] }] });
  for (let i = 0; i < 6000 && receiver.targets.length === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await next();
  writeFileSync(file, '[]');
  for (let i = 0; i < 6000 && receiver.targets.length > 0; i += 1) {
    await clock.advance(5000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await clock.advance(25_000);
  assert.deepEqual(names(pointsOf(sink.batches.at(-1)!)), ['a', ...own]);
  const flagged = toJson(sink.batches.at(-1)!).match(/"flags":1/g) ?? [];
  assert.equal(flagged.length, sink.batches.at(-1)!.itemCount);
});
