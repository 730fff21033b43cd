/** Exporter and receiver through a real broker. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { background, type Context } from '../component/consumer.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { decodeLogs } from '../pdata/objects/index.ts';
import { type CollectingSink, collectingSink, retryable } from '../testing/sinks.ts';
import { until } from '../testing/until.ts';
import { KafkaBroker, kafkaObstacle } from './lib/kafka.ts';
import { exporting, receiverOf, receiving } from './lib/kafka-parts.ts';
import { shopTraces } from './lib/otlp-samples.ts';

const obstacle = kafkaObstacle();
let broker: KafkaBroker;

before(async () => {
  if (obstacle === '') broker = await KafkaBroker.start(['num.partitions=3']);
});
after(async () => {
  await broker?.remove();
});

function traces(count: number, seed = 1): Batch<'traces'> {
  const request = shopTraces(count, 1_700_000_000_000_000_000n, seed);
  return parseJson('traces', Buffer.from(JSON.stringify(request)));
}

/** The request of a batch as JSON, resources put in order. */
const json = (batches: readonly Batch<Signal>[]): unknown[] =>
  batches.map((batch) => JSON.parse(toJson(batch)));

function logs(records: readonly object[], attributes: readonly object[] = []): Batch<'logs'> {
  const scopeLogs = [{ logRecords: records }];
  const request = { resourceLogs: [{ resource: { attributes }, scopeLogs }] };
  return parseJson('logs', Buffer.from(JSON.stringify(request)));
}

const bodies = (sink: CollectingSink<'logs'>): unknown[] =>
  sink.batches
    .flatMap((batch) =>
      decodeLogs(batch).flatMap(({ scopes }) => scopes.flatMap(({ items }) => items)),
    )
    .map(({ body }) => body);

const text = (value: string): object => ({ body: { stringValue: value } });

const from = (metadata: Readonly<Record<string, string>>): Context => ({
  ...background,
  client: {
    address: '',
    metadata: new Map(Object.entries(metadata).map(([key, value]) => [key, [value]])),
  },
});

describe('kafka', { skip: obstacle !== '' && obstacle }, () => {
  for (const encoding of ['otlp_proto', 'otlp_json']) {
    it(`carries traces as ${encoding}`, async (t) => {
      const topic = `traces-${encoding}`;
      const out = await exporting(t, broker.address, 'traces', { traces: { topic, encoding } });
      const given = traces(5);
      await out.consume(given, background);
      const sink = await receiving(t, broker.address, 'traces', {
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

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd']) {
    it(`compresses by ${compression}`, async (t) => {
      const topic = `packed-${compression}`;
      const level = compression === 'gzip' || compression === 'zstd' ? 7 : 0;
      const producer = { compression, compression_params: { level }, required_acks: 'all' };
      const out = await exporting(t, broker.address, 'traces', { traces: { topic }, producer });
      const given = traces(3);
      await out.consume(given, background);
      const sink = await receiving(t, broker.address, 'traces', {
        group_id: topic,
        traces: { topics: [topic] },
      });
      await until(() => sink.batches.length > 0, 'the batch');
      assert.deepEqual(json(sink.batches), json([given]));
    });
  }

  it('cuts what is too large for a record, and refuses an item that is', async (t) => {
    const topic = 'cut';
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic },
      producer: { max_message_bytes: 2000 },
    });
    const given = Array.from({ length: 50 }, (_, i) => text(`${i} ${'x'.repeat(200)}`));
    await out.consume(logs(given), background);
    const large = [text('before'), text('y'.repeat(3000)), text('behind')];
    await assert.rejects(out.consume(logs(large), background), /"cut".*exceeds max 2000/);
    const sink = await receiving(t, broker.address, 'logs', {
      group_id: topic,
      logs: { topics: [topic] },
    });
    await until(() => bodies(sink).length >= 52, 'all records');
    const texts = bodies(sink) as string[];
    assert.equal(new Set(texts).size, 52);
    assert.ok(texts.includes('before') && texts.includes('behind'));
    for (const batch of sink.batches) assert.ok(batch.byteLength < 2000);
  });

  it('takes topic, key and headers from metadata and attributes', async (t) => {
    const out = await exporting(t, broker.address, 'logs', {
      logs: {
        topic: 'chosen-default',
        topic_from_metadata_key: 'X-Topic',
        message_key_from_metadata_key: 'tenant',
      },
      topic_from_attribute: 'to',
      include_metadata_keys: ['tenant'],
      record_headers: [{ name: 'fixed', value: 'yes' }],
    });
    const to = [{ key: 'to', value: { stringValue: 'chosen-attribute' } }];
    await out.consume(logs([text('m')], to), from({ 'x-topic': 'chosen-metadata', tenant: 'a' }));
    await out.consume(logs([text('a')], to), background);
    await out.consume(logs([text('d')]), background);
    const sink = await receiving(t, broker.address, 'logs', {
      group_id: 'chosen',
      logs: { topics: ['^chosen-'], exclude_topics: ['nothing'] },
      header_extraction: { extract_headers: true, headers: ['tenant', 'fixed'] },
    });
    await until(() => sink.batches.length === 3, 'three records');
    const seen = sink.contexts.map(({ client: { metadata } }, i) => [
      bodies({ ...sink, batches: [sink.batches[i]!] } as CollectingSink<'logs'>)[0],
      metadata.get('kafka.topic')?.[0],
      metadata.get('tenant')?.[0],
      decodeLogs(sink.batches[i]!)[0]!.resource.attributes.get('kafka.header.fixed'),
      decodeLogs(sink.batches[i]!)[0]!.resource.attributes.get('kafka.header.tenant'),
    ]);
    assert.deepEqual(seen.sort(), [
      ['a', 'chosen-attribute', undefined, 'yes', undefined],
      ['d', 'chosen-default', undefined, 'yes', undefined],
      ['m', 'chosen-metadata', 'a', 'yes', 'a'],
    ]);
  });

  it('carries bodies of logs as raw, text and json', async (t) => {
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic: 'bodies', encoding: 'raw' },
    });
    const given = [
      { body: { kvlistValue: { values: [{ key: 'n', value: { intValue: '7' } }] } } },
      {},
    ];
    await out.consume(logs(given), background);
    const read = async (encoding: string): Promise<unknown> => {
      const sink = await receiving(t, broker.address, 'logs', {
        group_id: `bodies-${encoding}`,
        logs: { topics: ['bodies'], encoding },
      });
      await until(() => sink.batches.length > 0, encoding);
      return bodies(sink);
    };
    assert.deepEqual(await read('text'), ['{"n":7}']);
    assert.deepEqual(await read('json'), [new Map([['n', 7]])]);
    assert.deepEqual(await read('raw'), [Uint8Array.from(Buffer.from('{"n":7}'))]);
  });

  it('goes on where the group stopped, and again from what was not accepted', async (t) => {
    const topic = 'again';
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic },
      partition_logs_by_trace_id: true,
    });
    const send = (name: string) => out.consume(logs([text(name)]), background);
    const given = { group_id: topic, logs: { topics: [topic] }, message_marking: { after: true } };
    for (const name of ['1', '2', '3']) await send(name);
    const first = collectingSink<'logs'>();
    const one = receiverOf(broker.address, 'logs', given, first);
    await one.start();
    await until(() => first.items === 3, 'three records');
    await one.shutdown();
    for (const name of ['4', '5', '6']) await send(name);
    const refusing = collectingSink<'logs'>();
    refusing.failures.push(...Array.from({ length: 9 }, () => retryable()));
    const two = receiverOf(broker.address, 'logs', given, refusing);
    await two.start();
    await until(() => refusing.failures.length < 9, 'a refusal');
    await two.shutdown();
    const last = await receiving(t, broker.address, 'logs', given);
    await until(() => last.items + refusing.items >= 3, 'the rest');
    const all = [...bodies(first), ...bodies(refusing), ...bodies(last)].sort();
    assert.deepEqual(all, ['1', '2', '3', '4', '5', '6']);
  });

  it('offers a record again while error_backoff says so', async (t) => {
    const topic = 'backoff';
    const out = await exporting(t, broker.address, 'logs', { logs: { topic } });
    await out.consume(logs([text('x')]), background);
    const sink = collectingSink<'logs'>();
    sink.failures.push(retryable(), retryable(), retryable());
    await receiving(
      t,
      broker.address,
      'logs',
      {
        group_id: topic,
        logs: { topics: [topic] },
        error_backoff: { enabled: true, initial_interval: '10ms', max_interval: '20ms' },
      },
      sink,
    );
    await until(() => sink.items === 1, 'the record');
  });

  it('shares partitions among members', async (t) => {
    const topic = 'shared';
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic },
      record_partitioner: { round_robin: {} },
    });
    await out.consume(logs([text('first')]), background);
    const given = { group_id: topic, logs: { topics: [topic] } };
    const one = await receiving(t, broker.address, 'logs', given);
    await until(() => one.items === 1, 'the first record');
    const two = await receiving(t, broker.address, 'logs', given);
    const names = new Set<string>();
    const send = async (): Promise<boolean> => {
      const name = String(names.size);
      names.add(name);
      await out.consume(logs([text(name)]), background);
      return two.items > 0;
    };
    await until(send, 'the second member gets a record', undefined, 100);
    const seen = (): Set<unknown> => new Set([...bodies(one), ...bodies(two)]);
    await until(() => seen().size === names.size + 1, 'all records');
  });

  it('waits for a broker that is away', async (t) => {
    const topic = 'away';
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic },
      sending_queue: { enabled: true },
      retry_on_failure: { initial_interval: '200ms', max_elapsed_time: '0s' },
      metadata: { retry: { max: 1, backoff: '50ms' } },
    });
    const sink = await receiving(t, broker.address, 'logs', {
      group_id: topic,
      logs: { topics: [topic] },
    });
    await out.consume(logs([text('1')]), background);
    await until(() => sink.items === 1, 'the first record');
    await broker.stop();
    await out.consume(logs([text('2')]), background);
    await sleep(500); // attempts fail meanwhile
    await broker.run();
    await until(() => bodies(sink).includes('2'), 'the second record');
  });
});
