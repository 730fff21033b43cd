import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeFiles } from '../../native/load.ts';
import { toJson } from '../../pdata/json.ts';
import { fakeClock, realClock } from '../../testing/clock.ts';
import { realTimeSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { until } from '../../testing/until.ts';
import { Aggregator } from './aggregator.ts';
import { config } from './config.ts';
import { StatsdReceiver } from './receiver.ts';

const received = 'otelcol_receiver_received_statsd_metrics';

async function start(t: TestContext, given: object) {
  const settings = realTimeSettings(realClock(), { id: 'statsd' });
  const sink = collectingSink<'metrics'>();
  const receiver = new StatsdReceiver(settings, config.parse(given), sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  const good = () => settings.meter.value(received, { parse_success: 'true' });
  const lines = async (count: number) => {
    await until(() => good() >= count, `${count} lines`);
    assert.equal(good(), count);
  };
  return { settings, sink, receiver, lines, port: (receiver.address as AddressInfo).port };
}

interface Metric {
  name: string;
  sum?: { dataPoints: Record<string, unknown>[] };
  gauge?: { dataPoints: Record<string, unknown>[] };
}

/** `name=value` of all points. */
function values(sink: ReturnType<typeof collectingSink<'metrics'>>): string[] {
  return sink.batches.flatMap((batch) => {
    const [{ scopeMetrics }] = JSON.parse(toJson(batch)).resourceMetrics;
    return scopeMetrics[0].metrics.flatMap(({ name, sum, gauge }: Metric) =>
      (sum ?? gauge)!.dataPoints.map((point) => `${name}=${point.asInt ?? point.asDouble}`),
    );
  });
}

for (const transport of ['udp', 'udp4']) {
  test(`lines in packets: ${transport}`, async (t) => {
    const running = await start(t, { endpoint: '127.0.0.1:0', transport });
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    socket.send('a:1|c\nbad\n\na:2|c', running.port, '127.0.0.1');
    socket.send('b:5|g', running.port, '127.0.0.1');
    await running.lines(3);
    assert.equal(running.settings.meter.value(received, { parse_success: 'false' }), 1);
    await running.receiver.shutdown();
    assert.deepEqual(values(running.sink), ['b=5', 'a=3']);
    const { address } = running.sink.contexts[0]!.client;
    assert.equal(address, `127.0.0.1:${socket.address().port}`);
    const accepted = 'otelcol_receiver_accepted_metric_points';
    const labels = { receiver: 'statsd', transport };
    assert.equal(running.settings.meter.value(accepted, labels), 2);
    assert.equal(running.settings.budget.used, 0);
  });
}

test('lines of a connection, cut anywhere, the last one without its end', async (t) => {
  const running = await start(t, { endpoint: '127.0.0.1:0', transport: 'tcp' });
  const socket = connect(running.port, '127.0.0.1');
  for (const piece of ['a:1|c\nb', ':2|c\r\n  c', ':3|', 'c \n', 'd:4|c\n', 'e:5|c']) {
    socket.write(piece);
    await sleep(10);
  }
  socket.end();
  await once(socket, 'close');
  await running.lines(5);
  await running.receiver.shutdown();
  assert.deepEqual(values(running.sink).sort(), ['a=1', 'b=2', 'c=3', 'd=4', 'e=5']);
});

test('a line without an end closes its connection', async (t) => {
  const running = await start(t, { endpoint: '127.0.0.1:0', transport: 'tcp' });
  const socket = connect(running.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(Buffer.alloc(200_000, 0x61));
  await closed;
  assert.ok(running.settings.logger.lines.some(({ message }) => message.includes('too long')));
});

test('a socket file: permissions, a stale one, two at once', async (t) => {
  if (nativeFiles('datagram.node').length === 0) return t.skip('no datagram.node');
  const folder = mkdtempSync(join(tmpdir(), 'statsd-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const endpoint = join(folder, 's.sock');
  const given = { endpoint, transport: 'unixgram', socket_permissions: 0o600 };
  const first = await start(t, given);
  assert.equal(statSync(endpoint).mode & 0o777, 0o600);
  const second = await start(t, given);
  await first.receiver.shutdown();
  assert.ok(existsSync(endpoint), 'the successor keeps its file');
  await second.receiver.shutdown();
  assert.ok(!existsSync(endpoint));
  writeFileSync(endpoint, 'no socket');
  await assert.rejects(start(t, given), /Address already in use/);
  assert.ok(existsSync(endpoint));
});

test('transports that nothing can be done with', async () => {
  for (const transport of ['unix', 'ip', 'unixpacket']) {
    const decoded = config.parse({ endpoint: '127.0.0.1:0', transport });
    const receiver = new StatsdReceiver(testSettings(), decoded, collectingSink<'metrics'>());
    await assert.rejects(receiver.start(), new RegExp(`unsupported transport "${transport}"`));
    await receiver.shutdown();
  }
});

function aggregator(given: object = {}, budgetBytes = 2 ** 26) {
  const settings = testSettings({ id: 'statsd', clock: fakeClock(), budgetBytes });
  const sink = collectingSink<'metrics'>();
  const made = new Aggregator(settings, config.parse(given), sink);
  made.start();
  const take = (text: string, host = '10.0.0.1', port = '1') => {
    const bytes = Buffer.from(text);
    made.take(bytes, 0, bytes.length, host, port, false);
  };
  return { settings, sink, made, take };
}

test('metrics go out when the interval ends, and begin anew', async () => {
  const { settings, sink, made, take } = aggregator({ aggregation_interval: '10s' });
  take('c:1|c\ng:5|g');
  await settings.clock.advance(9_999);
  assert.equal(sink.batches.length, 0);
  await settings.clock.advance(1);
  assert.deepEqual(values(sink), ['g=5', 'c=1']);
  take('c:2|c\ng:+1|g');
  await settings.clock.advance(10_000);
  assert.deepEqual(values(sink).slice(2), ['g=1', 'c=2']);
  await settings.clock.advance(60_000);
  assert.equal(sink.batches.length, 2);
  const [{ scopeMetrics }] = JSON.parse(toJson(sink.batches[1]!)).resourceMetrics;
  const point = scopeMetrics[0].metrics[1].sum.dataPoints[0];
  const length = BigInt(point.timeUnixNano) - BigInt(point.startTimeUnixNano);
  assert.equal(length, 10_000_000_000n);
  take('last:1|c');
  await made.stop();
  assert.equal(values(sink).at(-1), 'last=1');
  assert.equal(settings.clock.pending, 0);
});

test('odd intervals', async () => {
  const long = aggregator({ aggregation_interval: '1000h' });
  long.take('c:1|c');
  await long.settings.clock.advance(999 * 3_600_000);
  assert.equal(long.sink.batches.length, 0);
  await long.settings.clock.advance(3_600_000);
  assert.deepEqual(values(long.sink), ['c=1']);
  await long.made.stop();
  const short = aggregator({ aggregation_interval: '1ns' });
  short.take('c:1|c');
  await short.settings.clock.advance(3);
  assert.deepEqual(values(short.sink), ['c=1']);
  await short.made.stop();
});

test('senders are kept apart by address, by host, or not', async () => {
  const cases: [object, string[], string[]][] = [
    [{}, ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.2:1'], ['c=1', 'c=1', 'c=1']],
    [{ enable_ip_only_aggregation: true }, ['10.0.0.1:1', '10.0.0.2:1'], ['c=2', 'c=1']],
    [{ ignore_host: true }, ['10.0.0.1:1'], ['c=3']],
  ];
  for (const [given, addresses, want] of cases) {
    const { sink, made, take } = aggregator(given);
    take('c:1|c', '10.0.0.1', '1');
    take('c:1|c', '10.0.0.1', '2');
    take('c:1|c', '10.0.0.2', '1');
    await made.stop();
    assert.deepEqual(values(sink), want);
    assert.deepEqual(
      sink.contexts.map(({ client }) => client.address),
      addresses,
    );
  }
});

test('sets count their members', async () => {
  const { sink, made, take } = aggregator();
  take('users:ann|s\nusers:bob|s\nusers:ann|s\nusers:1|s|#a:b');
  await made.stop();
  assert.deepEqual(values(sink), ['users=2', 'users=1']);
});

test('counters rounded by chance keep their sum on average', async () => {
  const { sink, made, take } = aggregator({ counter_type: 'stochastic_int' });
  for (let i = 0; i < 4000; i += 1) take('c:0.25|c');
  await made.stop();
  const [sum = 0] = values(sink).map((text) => Number(text.slice(2)));
  assert.ok(Number.isInteger(sum) && sum > 900 && sum < 1100, String(sum));
});

test('what is held is reserved, and beyond the budget dropped and counted', async () => {
  const { settings, sink, made, take } = aggregator({}, 300_000);
  for (let i = 0; i < 1000; i += 1) take(`n${i}:1|c`);
  const dropped = settings.book.snapshot().nodes.find(({ node }) => node === 'statsd')!.dropped;
  const kept = 1000 - (dropped.memory ?? 0);
  assert.ok(kept > 100 && kept < 600, String(kept));
  assert.ok(settings.budget.used <= 300_000);
  await made.stop();
  assert.equal(values(sink).length, kept);
  assert.equal(settings.budget.used, 0);
});

test('what the pipeline refuses is counted', async () => {
  const { settings, sink, made, take } = aggregator();
  sink.failures.push(retryable(), permanent());
  take('a:1|c\nb:1|c');
  await made.flush();
  take('a:1|c');
  await made.flush();
  take('a:1|c');
  await made.stop();
  const { meter } = settings;
  assert.equal(meter.value('otelcol_receiver_refused_metric_points'), 3);
  assert.equal(meter.value('otelcol_receiver_accepted_metric_points'), 1);
  assert.equal(settings.budget.used, 0);
});
