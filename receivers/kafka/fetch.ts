import type { Consumer, FetchOptions } from '@platformatic/kafka';
import type { Histogram, Settings } from '../../component/settings.ts';
import { hasFault } from '../../pipeline/kafka/errors.ts';
import type { KafkaReceiverConfig } from './config.ts';
import type { PartitionReader } from './partition.ts';
import type { InRecord } from './record.ts';
import type { KafkaTelemetry } from './telemetry.ts';

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type FetchRequestTopic = FetchOptions<Buffer, Buffer, Buffer, Buffer>['topics'][number];
type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];
type RecordSet = NonNullable<PartitionAnswer['records']>[number];

/** Bit of a record set that holds markers of transactions. */
const controlBit = 1 << 5;
const compressionBits = 7;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const outOfRange = 1;
const empty = Buffer.alloc(0);

/** Asks brokers for records and gives them to their partitions. */
export class Fetcher {
  readonly #consumer: Consumer;
  readonly #settings: Settings;
  readonly #config: KafkaReceiverConfig;
  readonly #telemetry: KafkaTelemetry;
  readonly #delay: Histogram | undefined;

  constructor(
    consumer: Consumer,
    settings: Settings,
    config: KafkaReceiverConfig,
    telemetry: KafkaTelemetry,
  ) {
    this.#consumer = consumer;
    this.#settings = settings;
    this.#config = config;
    this.#telemetry = telemetry;
    const { enabled } = config.telemetry.metrics.kafka_receiver_records_delay;
    this.#delay = enabled ? telemetry.delay() : undefined;
  }

  /**
   * One question to each broker. Settles when the pipeline has decided on all that was answered, so
   * that no more is read than it takes.
   */
  async round(partitions: readonly PartitionReader[]): Promise<void> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const metadata = await this.#consumer.metadata({ topics });
    const names = new Map<string, string>();
    const nodes = new Map<number, PartitionReader[]>();
    for (const topic of topics) names.set(metadata.topics.get(topic)?.id ?? '', topic);
    for (const reader of partitions) {
      const place = metadata.topics.get(reader.topic)?.partitions[reader.partition];
      if (place === undefined) throw new Error(`no leader of ${reader.topic}:${reader.partition}`);
      reader.node = String(place.leader);
      reader.leaderEpoch = this.#config.use_leader_epoch ? place.leaderEpoch : -1;
      const known = nodes.get(place.leader);
      if (known === undefined) nodes.set(place.leader, [reader]);
      else known.push(reader);
    }
    const idOf = new Map([...names].map(([id, name]) => [name, id]));
    const results = await Promise.allSettled(
      [...nodes].map(async ([node, readers]) => {
        const response = await this.#ask(node, readers, idOf, names);
        if (response !== undefined) await this.#give(response, readers, names);
      }),
    );
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  async #ask(
    node: number,
    readers: readonly PartitionReader[],
    idOf: ReadonlyMap<string, string>,
    names: ReadonlyMap<string, string>,
  ): Promise<FetchResponse | undefined> {
    const config = this.#config;
    const topics = new Map<string, FetchRequestTopic>();
    for (const { topic, partition, offset, leaderEpoch } of readers) {
      const topicId = idOf.get(topic)!;
      const known = topics.get(topicId) ?? { topicId, partitions: [] };
      topics.set(topicId, known);
      known.partitions.push({
        partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: config.max_partition_fetch_size,
      });
    }
    const sinceMs = this.#settings.clock.monotonicMs();
    let outcome = 'failure';
    try {
      const response = await this.#consumer.fetch({
        node,
        topics: [...topics.values()],
        minBytes: config.min_fetch_size,
        maxBytes: config.max_fetch_size,
        maxWaitTime: config.max_fetch_wait,
        isolationLevel: 0,
      });
      outcome = 'success';
      return response;
    } catch (error) {
      if (!hasFault(error, 'OFFSET_OUT_OF_RANGE')) throw error;
      this.#reset(error as { response?: FetchResponse }, readers, names);
      return undefined;
    } finally {
      const ms = this.#settings.clock.monotonicMs() - sinceMs;
      const attributes = { node_id: String(node), outcome };
      this.#telemetry.latency.record(Math.round(ms), attributes);
      this.#telemetry.readLatency.record(ms / 1000, attributes);
    }
  }

  /** The records that a partition should go on with are gone: goes on as `initial_offset` says. */
  #reset(
    { response }: { response?: FetchResponse },
    readers: readonly PartitionReader[],
    names: ReadonlyMap<string, string>,
  ): void {
    for (const { topicId, partitions } of response?.responses ?? []) {
      for (const answer of partitions) {
        const reader = find(readers, names.get(topicId), answer.partitionIndex);
        if (reader === undefined || answer.errorCode !== outOfRange) continue;
        const earliest = this.#config.initial_offset === 'earliest';
        const from = reader.offset;
        reader.offset = earliest ? answer.logStartOffset : answer.highWatermark;
        this.#settings.logger.warn('offset out of range, reading goes on elsewhere', {
          topic: reader.topic,
          partition: reader.partition,
          offset: Number(from),
          next_offset: Number(reader.offset),
        });
      }
    }
  }

  async #give(
    response: FetchResponse,
    readers: readonly PartitionReader[],
    names: ReadonlyMap<string, string>,
  ): Promise<void> {
    const work: Promise<void>[] = [];
    for (const { topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const reader = find(readers, names.get(topicId), answer.partitionIndex);
        if (reader === undefined || reader.cancelled || !answer.records?.length) continue;
        const records: InRecord[] = [];
        let next = reader.offset;
        for (const set of answer.records) {
          const after = set.firstOffset + BigInt(set.lastOffsetDelta) + 1n;
          if (after > next) next = after;
          this.#read(set, reader, records);
        }
        work.push(reader.process(records, next, answer.highWatermark));
      }
    }
    await Promise.all(work);
  }

  #read(set: RecordSet, reader: PartitionReader, into: InRecord[]): void {
    if ((set.attributes & controlBit) !== 0) return;
    const { topic, partition } = reader;
    let bytes = 0;
    let count = 0;
    for (const record of set.records) {
      const offset = set.firstOffset + BigInt(record.offsetDelta);
      if (offset < reader.offset) continue;
      const value = record.value ?? empty;
      const timestampMs = Number(set.firstTimestamp + record.timestampDelta);
      const { headers } = record;
      const leaderEpoch = set.partitionLeaderEpoch;
      into.push({ topic, partition, offset, leaderEpoch, timestampMs, value, headers });
      bytes += value.length + (record.key?.length ?? 0);
      count += 1;
      const place = { topic, partition: String(partition) };
      this.#delay?.record((this.#settings.clock.unixMs() - timestampMs) / 1000, place);
    }
    const attributes = {
      topic,
      partition: String(partition),
      compression_codec: codecs[set.attributes & compressionBits] ?? 'unknown',
      outcome: 'success',
      ...(reader.node === '' ? {} : { node_id: reader.node }),
    };
    this.#telemetry.messages.add(count, attributes);
    this.#telemetry.records.add(count, attributes);
    this.#telemetry.bytes.add(bytes, attributes);
    if (attributes.compression_codec === 'none') this.#telemetry.packed.add(bytes, attributes);
  }
}

function find(
  readers: readonly PartitionReader[],
  topic: string | undefined,
  partition: number,
): PartitionReader | undefined {
  return readers.find((one) => one.topic === topic && one.partition === partition);
}
