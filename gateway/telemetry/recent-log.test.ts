import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeClock } from '../../testing/clock.ts';
import { telemetrySchema } from './config.ts';
import { createLogger } from './logger.ts';
import { RecentLog } from './recent-log.ts';

test('equal entries are one with a count and the newest fields', async () => {
  const clock = fakeClock();
  const log = new RecentLog(clock);
  const scope = {
    'otelcol.component.kind': 'exporter',
    'otelcol.component.id': 'otlp_grpc',
    'otelcol.signal': 'traces',
  };
  log.add('error', 'Exporting failed', scope, { error: 'refused', dropped_items: 1 });
  const since = clock.unixMs();
  await clock.advance(1000);
  log.add('warn', 'other', {}, {});
  log.add('error', 'Exporting failed', scope, { error: 'refused', dropped_items: 2 });
  const entries = log.after(0);
  assert.deepEqual(
    entries.map(({ message, count }) => [message, count]),
    [
      ['other', 1],
      ['Exporting failed', 2],
    ],
  );
  const [, failed] = entries;
  assert.equal(failed!.node, 'exporter/otlp_grpc@traces');
  assert.deepEqual(failed!.fields, { error: 'refused', dropped_items: 2 });
  assert.equal(failed!.firstUnixMs, since);
  assert.equal(failed!.lastUnixMs, since + 1000);
  assert.deepEqual(
    log.after(failed!.sequence - 1).map(({ id }) => id),
    [failed!.id],
  );
});

test('nodes are named as in the ledger', () => {
  const log = new RecentLog(fakeClock());
  const named = (kind: string, more: Readonly<Record<string, string>>) => {
    const own = { 'otelcol.component.kind': kind, 'otelcol.component.id': 'x' };
    log.add('warn', 'm', { ...own, ...more }, {});
    return log.after(0).at(-1)!.node;
  };
  assert.equal(named('receiver', {}), 'receiver/x');
  const traces = { 'otelcol.signal': 'traces' };
  const pipeline = { 'otelcol.pipeline.id': 'traces/2' };
  assert.equal(named('processor', { ...traces, ...pipeline }), 'processor/x@traces/2');
  const output = { ...traces, 'otelcol.signal.output': 'metrics' };
  assert.equal(named('connector', output), 'connector/x@traces-metrics');
});

test('the newest 200 are kept; long texts are cut, passwords of addresses masked', () => {
  const log = new RecentLog(fakeClock());
  for (let i = 0; i < 300; i++) log.add('warn', `number ${i}`, {}, {});
  const entries = log.after(0);
  assert.equal(entries.length, 200);
  assert.equal(entries[0]!.message, 'number 100');
  log.add('error', 'x'.repeat(9999), {}, { error: 'GET http://bob:hunter2@host failed' });
  const { message, fields } = log.after(0).at(-1)!;
  assert.equal(message.length, 2001);
  assert.equal(fields.error, 'GET http://bob:[REDACTED]@host failed');
});

test('warnings and errors of the log are kept, whatever its level; secrets stay masked', async () => {
  const clock = fakeClock();
  const recent = new RecentLog(clock);
  const { logs } = telemetrySchema.parse({ logs: { level: 'error' } });
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const logger = await createLogger(logs, {}, clock, write, undefined, recent);
  const child = logger.child({ 'otelcol.component.kind': 'receiver', 'otelcol.component.id': 'y' });
  child.info('not kept');
  child.warn('kept', { error: new Error('why') });
  assert.equal(lines.length, 0);
  const [entry] = recent.after(0);
  assert.deepEqual([entry!.node, entry!.fields], ['receiver/y', { error: 'why' }]);
});

test('fields of any kind become short texts, with passwords masked', () => {
  const log = new RecentLog(fakeClock());
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const fields = {
    error: 'no way to http://u:p@h/',
    list: ['http://u:p@h/'],
    big: 5n,
    circle,
    nothing: null,
    flag: false,
  };
  log.add('warn', 'm', {}, fields);
  assert.deepEqual(log.after(0)[0]!.fields, {
    error: 'no way to http://u:[REDACTED]@h/',
    list: '["http://u:[REDACTED]@h/"]',
    big: '5',
    circle: '[object Object]',
    nothing: 'null',
    flag: false,
  });
});
