import type { CompressionAlgorithmValue, Producer } from '@platformatic/kafka';
import type { Settings } from '../../component/settings.ts';
import { deliveryError, hasFault } from '../../pipeline/kafka/errors.ts';
import type { KafkaExporterConfig } from './config.ts';
import type { Partitioner } from './partitions.ts';
import { type OutRecord, type PlacedRecord, recordBytes, requests } from './records.ts';
import type { KafkaTelemetry } from './telemetry.ts';

/** Times that a topic is asked for until the broker has made it. */
const topicAttempts = 20;
const topicPauseMs = 100;

/** Writes records and waits for the brokers' answers. */
export class Sender {
  readonly #settings: Settings;
  readonly #config: KafkaExporterConfig;
  readonly #producer: Producer;
  readonly #codec: CompressionAlgorithmValue;
  readonly #partitioner: Partitioner;
  readonly #telemetry: KafkaTelemetry;
  readonly #leaders = new Map<string, Readonly<Record<string, string>>>();
  readonly #load: Map<string, number>;

  /** @param load records under way by `topic:partition`, which this class keeps */
  constructor(
    settings: Settings,
    config: KafkaExporterConfig,
    producer: Producer,
    parts: {
      readonly codec: CompressionAlgorithmValue;
      readonly partitioner: Partitioner;
      readonly telemetry: KafkaTelemetry;
      readonly load: Map<string, number>;
    },
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#producer = producer;
    this.#codec = parts.codec;
    this.#partitioner = parts.partitioner;
    this.#telemetry = parts.telemetry;
    this.#load = parts.load;
  }

  /**
   * Writes what is not written yet, and notes of each record that it is.
   * @throws PipelineError
   */
  async send(given: readonly OutRecord[]): Promise<void> {
    const records = given.filter(({ written }) => !written);
    if (records.length === 0) return;
    const topics = [...new Set(records.map(({ topic }) => topic))];
    const { producer } = this.#config;
    try {
      const placed = await this.#place(records, topics).catch((error: unknown) => {
        this.#countUnplaced(records);
        throw error;
      });
      const limits = {
        partitionBytes: producer.max_message_bytes,
        bytes: producer.max_broker_write_bytes,
        records: producer.flush_max_messages,
      };
      for (const request of requests(placed, limits)) await this.#request(request);
    } catch (error) {
      throw deliveryError(error, topics);
    }
  }

  /** Records that found no partition, as the Go collector's client counts them. */
  #countUnplaced(records: readonly OutRecord[]): void {
    for (const [topic, { length }] of Map.groupBy(records, (record) => record.topic)) {
      const attributes = { topic, partition: '0', outcome: 'failure' };
      this.#telemetry.messages.add(length, attributes);
      this.#telemetry.records.add(length, attributes);
    }
  }

  async #place(records: readonly OutRecord[], topics: string[]): Promise<PlacedRecord[]> {
    const counts = await this.#partitionCounts(topics);
    this.#partitioner.next();
    return records.map((record) => {
      const count = counts.get(record.topic)!;
      const partition = this.#partitioner.choose(record.topic, record.key, count);
      return { ...record, partition, of: record };
    });
  }

  /** A topic that the broker makes when it is asked for has no partitions for a moment. */
  async #partitionCounts(topics: string[]): Promise<ReadonlyMap<string, number>> {
    const autocreateTopics = this.#config.producer.allow_auto_topic_creation;
    const { clock } = this.#settings;
    for (let left = topicAttempts; ; left -= 1) {
      try {
        const metadata = await this.#producer.metadata({ topics, autocreateTopics });
        this.#remember(metadata);
        return new Map(
          topics.map((topic) => {
            const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
            if (count === 0) throw new Error(`topic ${JSON.stringify(topic)} has no partitions`);
            return [topic, count];
          }),
        );
      } catch (error) {
        const isNew =
          autocreateTopics &&
          (hasFault(error, 'UNKNOWN_TOPIC_OR_PARTITION') ||
            hasFault(error, 'LEADER_NOT_AVAILABLE'));
        if (!isNew || left <= 0) throw error;
        await new Promise<void>((resolve) => void clock.after(topicPauseMs, resolve));
      }
    }
  }

  async #request(records: PlacedRecord[]): Promise<void> {
    const { clock } = this.#settings;
    const { producer } = this.#config;
    const startedMs = clock.monotonicMs();
    this.#under(records, 1);
    let outcome = 'failure';
    try {
      const messages = records.map(({ topic, key, value, headers, partition }) => ({
        topic,
        value,
        partition,
        ...(key === undefined ? {} : { key }),
        ...(headers === undefined ? {} : { headers }),
      }));
      await this.#producer.send({
        messages,
        acks: producer.required_acks,
        compression: this.#codec,
        autocreateTopics: producer.allow_auto_topic_creation,
      });
      outcome = 'success';
      for (const { of } of records) of.written = true;
    } finally {
      this.#under(records, -1);
      this.#count(records, outcome, clock.monotonicMs() - startedMs);
    }
  }

  /** Which broker leads each partition, for the metrics. */
  #remember({ brokers, topics }: Awaited<ReturnType<Producer['metadata']>>): void {
    this.#leaders.clear();
    for (const [topic, { partitions }] of topics) {
      for (const [partition, { leader }] of Object.entries(partitions)) {
        const host = brokers.get(leader)?.host;
        const server = host === undefined ? {} : { 'server.address': host };
        this.#leaders.set(`${topic}:${partition}`, { node_id: String(leader), ...server });
      }
    }
  }

  #under(records: readonly PlacedRecord[], sign: number): void {
    for (const { topic, partition } of records) {
      const place = `${topic}:${partition}`;
      const count = (this.#load.get(place) ?? 0) + sign;
      if (count === 0) this.#load.delete(place);
      else this.#load.set(place, count);
    }
  }

  #count(records: readonly PlacedRecord[], outcome: string, ms: number): void {
    const telemetry = this.#telemetry;
    const places = new Map<string, { count: number; bytes: number; record: PlacedRecord }>();
    for (const record of records) {
      const name = `${record.topic}:${record.partition}`;
      const known = places.get(name) ?? { count: 0, bytes: 0, record };
      known.count += 1;
      known.bytes += recordBytes(record);
      places.set(name, known);
    }
    const asked = new Set<string>();
    for (const [place, { count, bytes, record }] of places) {
      const { topic } = record;
      const leader = this.#leaders.get(place) ?? {};
      if (!asked.has(leader.node_id ?? '')) {
        asked.add(leader.node_id ?? '');
        telemetry.latency.record(Math.round(ms), { ...leader, outcome });
        telemetry.writeLatency.record(ms / 1000, { ...leader, outcome });
      }
      const attributes: Record<string, string> = {
        ...(outcome === 'success' ? leader : {}),
        topic,
        partition: String(record.partition),
        outcome,
      };
      if (outcome === 'success') {
        attributes.compression_codec = this.#config.producer.compression;
        telemetry.bytes.add(bytes, attributes);
        if (this.#codec === 'none') telemetry.packed.add(bytes, attributes);
      }
      telemetry.messages.add(count, attributes);
      telemetry.records.add(count, attributes);
    }
  }
}
