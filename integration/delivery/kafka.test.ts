/* The exporter and the receiver `kafka`, with a real broker between them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../../component/consumer.ts';
import { factory as exporter } from '../../exporters/kafka/index.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { faultySink } from '../../testing/contract/faulty-sink.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import { numbered, numbersFrom } from '../../testing/contract/numbered.ts';
import { offer, sendAll } from '../../testing/contract/sender.ts';
import { seededRandom } from '../../testing/random.ts';
import { memoryStorage } from '../../testing/record-log.ts';
import { until } from '../../testing/until.ts';
import { KafkaBroker, kafkaObstacle } from '../lib/kafka.ts';
import { receiverOf } from '../lib/kafka-parts.ts';
import { counted, drained, nodeOf, startExporting, stopExporting } from './exporting.ts';

const obstacle = kafkaObstacle();
let broker: KafkaBroker;

before(async () => {
  if (obstacle === '') broker = await KafkaBroker.start();
});
after(async () => {
  await broker?.remove();
});

const soon = { enabled: true, initial_interval: '20ms', max_interval: '50ms', max_elapsed_time: 0 };
const off = { enabled: false };
const queue = { queue_size: 1000, num_consumers: 3 };

function start(topic: string, more: object) {
  const config = {
    brokers: [broker.address],
    timeout: '20s',
    traces: { topic },
    sending_queue: queue,
    retry_on_failure: soon,
    ...more,
  };
  return startExporting(exporter, 'traces', config, { storage: memoryStorage() });
}

/** Reads a topic from its beginning until the numbers are there, then a little longer. */
async function readTopic(topic: string, count: number): Promise<number[]> {
  const sink = faultySink('traces');
  const group = { group_id: `reader-${topic}`, traces: { topics: [topic] } };
  const receiver = receiverOf(broker.address, 'traces', group, sink as Consumer<'traces'>);
  await receiver.start();
  await until(() => sink.taken.length >= count, `${count} items of ${topic}`);
  await sleep(300);
  await receiver.shutdown();
  return sink.taken;
}

/** Spans of which those in `large` have very long names. */
function withLarge(numbers: readonly number[], large: ReadonlySet<number>) {
  const builder = new TracesBuilder();
  builder.resource({});
  builder.scope('contract', '1');
  for (const number of numbers) {
    const spanId = Buffer.alloc(8);
    spanId.writeUInt32BE(number + 1, 4);
    const name = large.has(number) ? 'x'.repeat(5000) : 'work';
    const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
    builder.span({ traceId: Buffer.alloc(16, 1), spanId, name, ...times });
  }
  return builder.finish();
}

describe('delivery through kafka', { skip: obstacle !== '' && obstacle }, () => {
  it('what the exporter accepts is there once', async () => {
    for (const [name, delivery] of Object.entries({
      'at-once': { sending_queue: off },
      queue: {},
      batches: { sending_queue: { ...queue, batch: { flush_timeout: '5ms', min_size: 30 } } },
      disk: { sending_queue: { ...queue, storage: 'storage' } },
    })) {
      const exporting = await start(`once-${name}`, delivery);
      const told = await sendAll('traces', exporting.entry, { batches: 20, items: 10 });
      await drained(exporting);
      await stopExporting(exporting);
      assert.equal(told.accepted.size, 200);
      assert.equal(nodeOf(exporting).delivered, 200);
      const there = await readTopic(`once-${name}`, 200);
      assert.equal(there.length, 200, name);
      assert.equal(new Set(there).size, 200, name);
    }
  });

  it('one item that is too large is counted, and only that', async () => {
    const exporting = await start('large', { producer: { max_message_bytes: 2000 } });
    const large = new Set([3, 25]);
    for (const from of [0, 20, 40]) {
      const refusal = await offer(exporting.entry, withLarge(numbersFrom(from, 20), large));
      assert.equal(refusal, undefined);
    }
    await drained(exporting);
    await stopExporting(exporting);
    assert.equal(nodeOf(exporting).delivered, 58);
    assert.deepEqual(nodeOf(exporting).dropped, { rejected: 2 });
    assert.equal(counted(exporting, 'sent'), 58);
    assert.equal(counted(exporting, 'send_failed'), 2);
    const there = await readTopic('large', 58);
    assert.deepEqual(
      there.sort((a, b) => a - b),
      numbersFrom(0, 60).filter((number) => !large.has(number)),
    );
  });

  for (const [name, mix] of Object.entries(mixes)) {
    it(`an offset is committed when the pipeline has decided: ${name}`, async () => {
      const topic = `offsets-${name.replace(' ', '-')}`;
      const exporting = await start(topic, { sending_queue: off });
      for (let i = 0; i < 30; i += 1) {
        await offer(exporting.entry, numbered('traces', numbersFrom(10 * i, 10)));
      }
      await stopExporting(exporting);
      const sink = faultySink('traces');
      const judge = judgeOf(mix, seededRandom(9));
      let lost = 0;
      sink.judge = () => {
        const verdict = judge();
        if (verdict === 'permanent') lost += 10;
        return verdict;
      };
      const given = {
        group_id: topic,
        traces: { topics: [topic] },
        message_marking: { after: true, on_permanent_error: true },
        error_backoff: {
          enabled: true,
          initial_interval: '5ms',
          max_interval: '10ms',
          multiplier: 1,
        },
        autocommit: { enable: true, interval: '50ms' },
      };
      const first = receiverOf(broker.address, 'traces', given, sink as Consumer<'traces'>);
      await first.start();
      await until(() => sink.taken.length + lost >= 60, 'some of it is there');
      await first.shutdown();
      const second = receiverOf(broker.address, 'traces', given, sink as Consumer<'traces'>);
      await second.start();
      await until(() => sink.taken.length + lost >= 300, 'all of it is there');
      await sleep(200);
      await second.shutdown();
      assert.equal(new Set(sink.taken).size, sink.taken.length, 'items came twice');
      assert.equal(sink.taken.length + lost, 300);
    });
  }

  it('what is refused for good without marking is read again by the next', async () => {
    const topic = 'refused';
    const exporting = await start(topic, { sending_queue: off });
    for (let i = 0; i < 5; i += 1) {
      await offer(exporting.entry, numbered('traces', numbersFrom(10 * i, 10)));
    }
    await stopExporting(exporting);
    const sink = faultySink('traces');
    let calls = 0;
    sink.judge = () => ((calls += 1) === 3 ? 'permanent' : undefined);
    const given = {
      group_id: topic,
      traces: { topics: [topic] },
      message_marking: { after: true },
    };
    for (const count of [20, 50]) {
      const receiver = receiverOf(broker.address, 'traces', given, sink as Consumer<'traces'>);
      await receiver.start();
      await until(() => sink.taken.length >= count && sink.calls.open === 0, `${count} items`);
      await sleep(100);
      await receiver.shutdown();
      const there = [...sink.taken].sort((a, b) => a - b);
      assert.deepEqual(there, numbersFrom(0, count));
    }
  });
});
