import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { Code, PipelineError } from '../../component/errors.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { numberedSpans } from '../../testing/spans.ts';
import { factory } from './index.ts';
import { limitsOf } from './limiter.ts';
import { MemoryLimiter } from './processor.ts';

const mib = 2 ** 20;

async function started(given: unknown, collects = true) {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const state = { used: 0, afterCollection: 0, rss: 0, collections: 0 };
  const memory = {
    totalBytes: 1000 * mib,
    measure: () => ({ used: state.used * mib, rss: state.rss * mib }),
    collect: collects
      ? () => {
          state.collections++;
          state.used = state.afterCollection;
        }
      : undefined,
  };
  const config = factory.config.parse(given);
  const limiter = new MemoryLimiter('traces', settings, config, sink, memory);
  await limiter.start();
  const send = () => limiter.consume(numberedSpans([1]), background);
  return { settings, sink, state, limiter, send };
}

const given = { check_interval: '1s', limit_mib: 100, spike_limit_mib: 20 };

test('data is refused above the soft limit, retryable, and taken again below', async () => {
  const { settings, sink, state, limiter, send } = await started(given, false);
  state.used = 79;
  await settings.clock.advance(1000);
  await send();
  state.used = 80;
  await settings.clock.advance(1000);
  await assert.rejects(send(), (error) => {
    assert.ok(error instanceof PipelineError);
    assert.equal(error.message, 'data refused due to high memory usage');
    assert.equal(error.retryable, true);
    assert.equal(error.status, Code.UNAVAILABLE);
    return true;
  });
  state.used = 10;
  await settings.clock.advance(1000);
  await send();
  assert.equal(sink.items, 2);
  assert.equal(
    settings.meter.value('otelcol_processor_memory_limiter_accepted_spans', { processor: 'test' }),
    2,
  );
  assert.equal(settings.meter.value('otelcol_processor_memory_limiter_refused_spans'), 1);
  assert.deepEqual(
    settings.logger.lines.map(({ message }) => message),
    [
      'Memory limiter configured',
      'Memory usage is above soft limit. Refusing data.',
      'Memory usage back within limits. Resuming normal operation.',
    ],
  );
  await limiter.shutdown();
  assert.equal(settings.clock.pending, 0);
});

test('a collection that helps avoids the refusal', async () => {
  const { settings, state, limiter, send } = await started(given);
  state.used = 120;
  state.afterCollection = 30;
  await settings.clock.advance(1000);
  await send();
  assert.equal(state.collections, 1);
  const [, forced] = settings.logger.lines;
  assert.equal(forced?.message, 'Memory usage is above hard limit. Forcing a GC.');
  await limiter.shutdown();
});

test('collections that do not help become rarer, up to the longest interval', async () => {
  const { settings, state, limiter } = await started({
    ...given,
    max_gc_interval_when_hard_limited: '8s',
  });
  state.used = 120;
  state.afterCollection = 120;
  const times: number[] = [];
  for (let second = 1; second <= 40; second++) {
    const before = state.collections;
    await settings.clock.advance(1000);
    if (state.collections > before) times.push(second);
  }
  assert.deepEqual(times, [1, 2, 4, 8, 16, 24, 32, 40]);
  await limiter.shutdown();
});

test('resident memory above the limit is only reported', async () => {
  const { settings, state, limiter, send } = await started(given);
  state.rss = 150;
  await settings.clock.advance(3000);
  await send();
  const lines = settings.logger.lines.filter(({ level }) => level === 'warn');
  assert.equal(lines.length, 1);
  assert.match(lines[0]!.message, /^Resident memory/);
  await limiter.shutdown();
});

test('limits in MiB or as a percentage; the spike is a fifth by default', () => {
  const limits = (more: object) =>
    limitsOf(factory.config.parse({ check_interval: '1s', ...more }), 1000 * mib);
  assert.deepEqual(limits({ limit_mib: 100 }), { hard: 100 * mib, soft: 80 * mib });
  assert.deepEqual(limits({ limit_percentage: 50 }), { hard: 500 * mib, soft: 400 * mib });
  assert.deepEqual(limits({ limit_percentage: 50, spike_limit_percentage: 30 }), {
    hard: 500 * mib,
    soft: 200 * mib,
  });
});

test('bad configurations are refused with the known texts', () => {
  const bad = (config: object, text: string) => {
    const parsed = factory.config.safeParse(config);
    assert.equal(parsed.error?.issues[0]?.message, text);
  };
  bad({ limit_mib: 10 }, "'check_interval' must be greater than zero");
  bad({ check_interval: '1s' }, "'limit_mib' or 'limit_percentage' must be greater than zero");
  bad({ ...given, spike_limit_mib: 100 }, "'spike_limit_mib' must be smaller than 'limit_mib'");
  bad(
    { check_interval: '1s', limit_percentage: 50, spike_limit_percentage: 50 },
    "'spike_limit_percentage' must be smaller than 'limit_percentage'",
  );
  bad(
    { ...given, min_gc_interval_when_hard_limited: '20s' },
    "'min_gc_interval_when_soft_limited' should be larger than 'min_gc_interval_when_hard_limited'",
  );
  bad(
    { ...given, max_gc_interval_when_soft_limited: '-1s' },
    "'max_gc_interval_when_soft_limited' must be non-negative",
  );
});
