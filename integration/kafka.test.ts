/** Exporter and receiver through a real broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '../component/component.ts';
import { background, type Consumer, type Context } from '../component/consumer.ts';
import type { Signal, SignalData } from '../component/signals.ts';
import { factory as exporter } from '../exporters/kafka/index.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { factory as receiver } from '../receivers/kafka/index.ts';
import { realClock } from '../testing/clock.ts';
import { realTimeSettings } from '../testing/settings.ts';
import { type CollectingSink, collectingSink } from '../testing/sinks.ts';
import { KafkaBroker, kafkaObstacle } from './lib/kafka.ts';
import { shopTraces } from './lib/otlp-samples.ts';

const obstacle = kafkaObstacle();
let broker: KafkaBroker;

before(async () => {
  if (obstacle === '') broker = await KafkaBroker.start(['num.partitions=3']);
});
after(async () => {
  await broker?.remove();
});

type Config = Readonly<Record<string, unknown>>;

async function exporting<S extends Signal>(
  t: TestContext,
  signal: S,
  given: Config,
): Promise<Component & Consumer<S>> {
  const config = exporter.config.parse({
    brokers: [broker.address],
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    timeout: '20s',
    ...given,
  });
  const made = exporter.create(signal, realTimeSettings(realClock()), config);
  t.after(() => made.shutdown());
  await made.start();
  return made;
}

async function receiving<S extends Signal>(
  t: TestContext,
  signal: S,
  given: Config,
  sink: Consumer<S> = collectingSink<S>(),
): Promise<CollectingSink<S>> {
  const config = receiver.config.parse({
    brokers: [broker.address],
    initial_offset: 'earliest',
    ...given,
  });
  const made = receiver.create(realTimeSettings(realClock()), config, { [signal]: sink });
  t.after(() => made.shutdown());
  await made.start();
  return sink as CollectingSink<S>;
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (let left = 600; !done(); left -= 1) {
    if (left === 0) throw new Error(`not within a minute: ${what}`);
    await sleep(100);
  }
}

function traces(count: number, seed = 1): SignalData['traces'] {
  const request = shopTraces(count, 1_700_000_000_000_000_000n, seed);
  return parseJson('traces', Buffer.from(JSON.stringify(request)));
}

/** The request of a batch as JSON, resources put in order. */
const json = (batches: readonly SignalData[Signal][]): unknown[] =>
  batches.map((batch) => JSON.parse(toJson(batch)));

describe('kafka', { skip: obstacle !== '' && obstacle }, () => {
  for (const encoding of ['otlp_proto', 'otlp_json']) {
    it(`carries traces as ${encoding}`, async (t) => {
      const topic = `traces-${encoding}`;
      const out = await exporting(t, 'traces', { traces: { topic, encoding } });
      const given = traces(5);
      await out.consume(given, background);
      const sink = await receiving(t, 'traces', {
        group_id: topic,
        traces: { topics: [topic], encoding },
      });
      await until(() => sink.batches.length > 0, 'the batch');
      assert.deepEqual(json(sink.batches), json([given]));
      const { metadata } = sink.contexts[0]!.client;
      assert.deepEqual(metadata.get('kafka.topic'), [topic]);
      assert.deepEqual(metadata.get('kafka.offset'), ['0']);
    });
  }
});

export type { Context };
