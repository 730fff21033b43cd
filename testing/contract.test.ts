import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Component } from '../component/component.ts';
import { background } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Factory } from '../component/factory.ts';
import { signals } from '../component/signals.ts';
import { type RegistryEntry, registry } from '../gateway/components.ts';
import { settle } from './clock.ts';
import { type Instance, instances } from './contract/instance.ts';
import { sampleOf } from './contract/samples.ts';
import { permanent, retryable } from './sinks.ts';
import { sampleBatch } from './spans.ts';

/*
 * What every component of the registry has to do, whatever it is for. A new component is under
 * test as soon as it has its line there; contract/samples.ts says how to configure it where `{}`
 * will not do.
 */

const root = join(import.meta.dirname, '..');

async function loaded(entry: RegistryEntry, directory: string) {
  const { factory } = await entry.load();
  const sample = sampleOf(entry, directory);
  const config = factory.config.parse(sample.config);
  return { factory, sample, config };
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'contract-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Nothing is left of an instance that was shut down. */
function assertGone({ settings, timers }: Instance, what: string): void {
  assert.equal(timers(), 0, `${what}: timers are left`);
  assert.equal(settings.meter.gauges, 0, `${what}: gauges are left`);
  assert.equal(settings.budget.used, 0, `${what}: memory is still reserved`);
}

async function stopped(component: Component): Promise<void> {
  await component.shutdown();
  await component.shutdown();
}

for (const entry of registry) {
  const name = `${entry.kind} ${entry.type}`;

  test(`${name} describes itself`, () =>
    inDirectory(async (directory) => {
      const { factory } = await loaded(entry, directory);
      assert.equal(factory.kind, entry.kind);
      assert.equal(factory.type, entry.type);
      assert.deepEqual([...(factory.aliases ?? [])], [...entry.aliases]);
      assert.match(factory.description, /^[A-Z].*\.$/);
      for (const signal of Object.keys(factory.stability)) {
        assert.ok((signals as readonly string[]).includes(signal), `signal ${signal}`);
      }
      const readme = join(root, `${entry.kind}s`, entry.type, 'README.md');
      assert.ok(existsSync(readme), `${readme} is missing`);
    }));

  test(`${name} refuses keys that it does not know`, () =>
    inDirectory(async (directory) => {
      const { factory, sample } = await loaded(entry, directory);
      const given = { ...(sample.config as object), no_such_key: 1 };
      const parsed = factory.config.safeParse(given);
      if (sample.acceptsAnyKey !== undefined) return;
      assert.equal(parsed.success, false);
      assert.match(JSON.stringify(parsed.error?.issues), /no_such_key/);
    }));

  test(`${name} stops without start`, () =>
    inDirectory(async (directory) => {
      const { factory, config } = await loaded(entry, directory);
      for (const instance of instances(factory, config)) {
        await stopped(instance.component);
        assertGone(instance, 'shut down without start');
      }
    }));

  if (sampleOf(entry, '').startedElsewhere === undefined) startAndStop(entry, name);
  if (entry.kind === 'processor') processorContract(entry, name);
}

function startAndStop(entry: RegistryEntry, name: string): void {
  test(`${name} starts and stops`, () =>
    inDirectory(async (directory) => {
      const { factory, config } = await loaded(entry, directory);
      for (const instance of instances(factory, config)) {
        const before = process.getActiveResourcesInfo().length;
        await instance.component.start();
        await stopped(instance.component);
        await settle();
        assertGone(instance, 'shut down');
        assert.ok(process.getActiveResourcesInfo().length <= before, 'handles are left open');
        assert.deepEqual(instance.settings.host.faults, []);
      }
    }));
}

function processorContract(entry: RegistryEntry, name: string): void {
  const each = (run: (instance: Instance, factory: Factory<unknown>) => Promise<void>) => () =>
    inDirectory(async (directory) => {
      const { factory, config } = await loaded(entry, directory);
      for (const instance of instances(factory, config)) {
        if (instance.signal === 'profiles') continue;
        await instance.component.start();
        await run(instance, factory);
        await stopped(instance.component);
        await settle();
        assertGone(instance, instance.signal!);
        assert.deepEqual(instance.settings.book.check(), [], 'the ledger does not balance');
      }
    });

  const entryOf = ({ settings, consumer }: Instance) => {
    settings.book.node('source', 'source');
    return settings.book.edge('source', 'test', consumer!);
  };

  test(
    `${name} hands on what it accepted`,
    each(async (instance) => {
      const consumer = entryOf(instance);
      for (const items of [1, 0, 7]) {
        const batch = sampleBatch(instance.signal!, items);
        await consumer.consume(consumer.mutates ? batch.editable() : batch, background);
      }
      await stopped(instance.component);
      assert.equal(instance.sink.items, 8);
    }),
  );

  test(
    `${name} leaves a shared batch as it was`,
    each(async (instance) => {
      const consumer = entryOf(instance);
      const batch = sampleBatch(instance.signal!, 3);
      const before = Buffer.concat(batch.ranges());
      await consumer.consume(consumer.mutates ? batch.editable() : batch, background);
      await stopped(instance.component);
      assert.deepEqual(Buffer.concat(batch.ranges()), before);
    }),
  );

  test(
    `${name} passes a refusal on, or accounts for what it drops`,
    each(async (instance) => {
      const consumer = entryOf(instance);
      for (const failure of [permanent(), retryable('later', { retryAfterMs: 5 })]) {
        instance.sink.failures.push(failure);
        try {
          await consumer.consume(sampleBatch(instance.signal!, 4).editable(), background);
        } catch (error) {
          assert.ok(error instanceof PipelineError, `rejected with ${error}`);
          assert.equal(error.retryable, failure.retryable);
          assert.equal(error.retryAfterMs, failure.retryAfterMs);
        }
      }
    }),
  );
}
