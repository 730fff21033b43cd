import assert from 'node:assert/strict';
import test from 'node:test';
import { Secret } from '../../config/schema/secret.ts';
import { fakeClock } from '../../testing/clock.ts';
import { telemetrySchema } from './config.ts';
import { createTelemetry } from './index.ts';
import { createLogger } from './logger.ts';
import { createMeter } from './meter.ts';
import { serveMetrics } from './metrics-server.ts';
import { prometheusText } from './prometheus-text.ts';

const build = { command: 'test', version: '1' };

async function logLines(config: Record<string, unknown>) {
  const lines: string[] = [];
  const logs = telemetrySchema.parse({ logs: config }).logs;
  const clock = fakeClock(Date.UTC(2024, 0, 1));
  const log = await createLogger(logs, { resource: { a: 'b' } }, clock, (line) => lines.push(line));
  return { log, lines, clock };
}

test('console log lines', async () => {
  const { log, lines } = await logLines({});
  log.info('hello');
  log.child({ id: 'x' }).warn('careful', { n: 1, level: 'odd', error: new Error('broken') });
  log.debug('unseen');
  assert.deepEqual(lines, [
    '2024-01-01T00:00:00.000Z\tinfo\thello\n',
    '2024-01-01T00:00:00.000Z\twarn\tcareful\t{"id":"x","n":1,"_level":"odd","error":"broken"}\n',
  ]);
});

test('json log lines', async () => {
  const { log, lines } = await logLines({
    encoding: 'json',
    level: 'debug',
    initial_fields: { k: 1 },
  });
  log.debug('hello', { big: 5n, bytes: new Uint8Array(3) });
  assert.deepEqual(JSON.parse(lines[0]!), {
    level: 'debug',
    ts: '2024-01-01T00:00:00.000Z',
    resource: { a: 'b' },
    k: 1,
    big: '5',
    bytes: '3 bytes',
    msg: 'hello',
  });
});

test('secrets are not logged', async () => {
  const { log, lines } = await logLines({});
  log.info('x', { token: new Secret('hunter2'), deep: { list: [new Secret('hunter2')] } });
  assert.ok(!lines[0]!.includes('hunter2'));
  assert.ok(lines[0]!.includes('[REDACTED]'));
});

test('equal entries are sampled in each period', async () => {
  const sampling = { initial: 2, thereafter: 3, tick: '1s' };
  const { log, lines, clock } = await logLines({ sampling });
  for (let i = 0; i < 9; i++) log.info('same');
  log.info('other');
  assert.equal(lines.length, 2 + 2 + 1, 'two at first, every third of seven, and the other');
  await clock.advance(1000);
  log.info('same');
  assert.equal(lines.length, 6);
  const all = await logLines({ sampling: { enabled: false } });
  for (let i = 0; i < 50; i++) all.log.info('same');
  assert.equal(all.lines.length, 50);
});

test('metrics in the Prometheus text format', async () => {
  const meter = createMeter();
  const counter = meter.counter('c', { description: 'Counted.', unit: '1' });
  const attributes = { exporter: 'x', 'odd.name': 'a"b\\c\nd' };
  counter.add(2, attributes);
  counter.add(3, { ...attributes });
  meter.counter('c', { description: '', unit: '' }).add(1);
  const histogram = meter.histogram('h', { description: 'Spread.', unit: 's' }, [1, 5]);
  for (const value of [0.5, 1, 3, 7]) histogram.record(value, { k: 'v' });
  const stop = meter.gauge('g', { description: 'Now.', unit: '1' }, () => 7, { k: 'v' });
  const { text, contentType } = await prometheusText(meter.collect());
  assert.match(contentType, /^text\/plain/);
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.includes('promhttp_')),
    [
      '# HELP c Counted.',
      '# TYPE c counter',
      'c{exporter="x",odd_name="a\\"b\\\\c\\nd"} 5',
      'c 1',
      '# HELP h Spread.',
      '# TYPE h histogram',
      'h_bucket{k="v",le="1"} 2',
      'h_bucket{k="v",le="5"} 3',
      'h_bucket{k="v",le="+Inf"} 4',
      'h_sum{k="v"} 11.5',
      'h_count{k="v"} 4',
      '# HELP g Now.',
      '# TYPE g gauge',
      'g{k="v"} 7',
    ],
  );
  stop();
  assert.ok(!(await prometheusText(meter.collect())).text.includes('g{'));
  assert.throws(() => meter.histogram('c', { description: '', unit: '' }, []), /^Error: BUG/);
});

test('units and type suffixes in names, where they are asked for', async () => {
  const meter = createMeter();
  const seconds = { description: '', unit: 's' };
  meter.counter('cpu_seconds', seconds).add(1);
  meter.gauge('up', { ...seconds, monotonic: true }, () => 2);
  meter.gauge('share', { description: '', unit: '1' }, () => 3);
  meter.counter('spans', { description: '', unit: '{spans}' }).add(4);
  meter.histogram('size', { description: '', unit: 'By' }, [1]).record(5);
  const options = { scopes: false, labels: {}, escaping: 'underscores' } as const;
  const lines = async (suffixes: boolean): Promise<string[]> =>
    (await prometheusText(meter.collect(), { ...options, suffixes })).text
      .split('\n')
      .filter((line) => /^[a-oq-z]/.test(line));
  assert.deepEqual(await lines(true), [
    'cpu_seconds_total 1',
    'up_seconds_total 2',
    'share_ratio 3',
    'spans_total 4',
    'size_bytes_bucket{le="1"} 0',
    'size_bytes_bucket{le="+Inf"} 1',
    'size_bytes_sum 5',
    'size_bytes_count 1',
  ]);
  assert.equal((await lines(false))[1], 'up 2');
});

test('what is above the level is not measured', async () => {
  const meter = createMeter('normal');
  const options = { description: '', unit: '1' };
  meter.counter('a', options).add(1);
  meter.counter('b', { ...options, level: 'detailed' }).add(1);
  const stop = meter.gauge('c', { ...options, level: 'detailed' }, () => 1);
  meter.histogram('d', { ...options, level: 'normal' }, [1]).record(1);
  const names = (await prometheusText(meter.collect())).text.match(/(?<=^# TYPE )\w/gm);
  assert.deepEqual(names, ['a', 'd', 'p']);
  stop();
});

test('the number of series is bounded', async () => {
  const meter = createMeter();
  const counter = meter.counter('c', { description: '', unit: '' });
  for (let i = 0; i < 3000; i++) counter.add(1, { i: String(i) });
  const lines = (await prometheusText(meter.collect())).text
    .split('\n')
    .filter((line) => line.startsWith('c{'));
  assert.equal(lines.length, 2001);
  assert.ok(lines.includes('c{otel_metric_overflow="true"} 1000'));
});

test('the endpoint of metrics', async () => {
  const meter = createMeter();
  meter.counter('c', { description: '', unit: '' }).add(1);
  const server = await serveMetrics('localhost', 0, meter);
  try {
    const url = `http://localhost:${server.port}`;
    assert.match(await (await fetch(`${url}/metrics`)).text(), /^c 1$/m);
    assert.equal((await fetch(url)).status, 404);
    assert.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 405);
    const taken = serveMetrics('localhost', server.port, meter);
    await assert.rejects(taken, {
      message: /^cannot serve the program's own metrics on localhost:/,
    });
  } finally {
    await server.close();
  }
});

test('attributes of the program', async () => {
  const lines: string[] = [];
  const config = telemetrySchema.parse({
    logs: { encoding: 'json' },
    metrics: { level: 'none' },
    resource: { 'service.name': 'mine', 'host.name': null, 'service.instance.id': 'i' },
  });
  const telemetry = await createTelemetry(config, build, fakeClock(), (line) => lines.push(line));
  await telemetry.start();
  telemetry.logger.info('x');
  const resource = { 'service.instance.id': 'i', 'service.name': 'mine', 'service.version': '1' };
  assert.deepEqual(JSON.parse(lines[0]!).resource, resource);
  const { text } = await prometheusText(telemetry.meter.collect());
  const info = 'target_info{service_instance_id="i",service_name="mine",service_version="1"} 1';
  assert.ok(text.includes(info), text);
  assert.match(text, /^otelcol_process_memory_rss \d{7,}$/m);
  await telemetry.shutdown();
});
