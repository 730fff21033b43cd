import type { Producer } from '@platformatic/kafka';
import type { ClientInfo } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { AttributeKey, GroupReader } from '../../pdata/readers.ts';
import type { Attempt, PushBackend } from '../../pipeline/exporter.ts';
import { clientOptions } from '../../pipeline/kafka/client.ts';
import { codecName } from './compression.ts';
import type { KafkaExporterConfig } from './config.ts';
import { byResource, byTrace, type Piece, whole } from './divide.ts';
import { type Encode, encoder } from './encode.ts';
import { headersOf, metadataOf, type RecordHeaders } from './headers.ts';
import { Linger } from './linger.ts';
import { partitionerFor } from './partitions.ts';
import { type OutRecord, recordBytes, setOverhead } from './records.ts';
import { Sender } from './sender.ts';
import { kafkaTelemetry } from './telemetry.ts';

/** Turns batches of one signal into records and writes them. */
export class KafkaBackend<S extends Signal> implements PushBackend<S> {
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: KafkaExporterConfig;
  readonly #topicAttribute: AttributeKey | undefined;
  #encode: Encode | undefined;
  #producer: Producer | undefined;
  #linger: Linger | undefined;
  /** Records of batches that failed: the next attempt goes on with those that are not written. */
  readonly #unfinished = new WeakMap<Batch<S>, OutRecord[]>();

  constructor(signal: S, settings: Settings, config: KafkaExporterConfig) {
    const { topic_from_attribute: attribute } = config;
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#topicAttribute = attribute === '' ? undefined : new AttributeKey(attribute);
  }

  async start(): Promise<void> {
    const config = this.#config;
    const settings = this.#settings;
    this.#encode = encoder(this.#signal, config[this.#signal].encoding);
    const options = await clientOptions(settings, config, config.timeout);
    const { Producer, compressionsAlgorithms, murmur2 } = await import('@platformatic/kafka');
    const producer = new Producer({ ...options, repeatOnStaleMetadata: true });
    this.#producer = producer;
    const telemetry = kafkaTelemetry(settings.meter);
    const seeds = config.brokers.map((place) => place.replace(/^[a-z]+:\/\//, ''));
    const nameOf = ({ host, port }: { host: string; port: number }): Record<string, string> => {
      const at = seeds.indexOf(`${host}:${port}`);
      const known = { 'server.address': host };
      return at < 0 ? known : { ...known, node_id: `seed_${at}` };
    };
    const connected = (broker: { host: string; port: number }, outcome: string): void =>
      telemetry.connects.add(1, { ...nameOf(broker), outcome });
    producer.on('client:broker:connect', ({ broker }) => {
      connected(broker, 'success');
      settings.report?.('StatusOK');
    });
    producer.on('client:broker:failed', ({ broker }) => {
      connected(broker, 'failure');
      if (producer.isConnected()) return;
      settings.report?.(
        'StatusRecoverableError',
        `cannot connect to ${broker.host}:${broker.port}`,
      );
    });
    producer.on('client:broker:disconnect', ({ broker }) =>
      telemetry.closed.add(1, nameOf(broker)),
    );
    producer.on('error', (error) => settings.logger.warn('kafka client', { error: error.message }));
    const load = new Map<string, number>();
    const sender = new Sender(settings, config, producer, {
      codec: codecName(config.producer, compressionsAlgorithms),
      partitioner: partitionerFor(
        config.record_partitioner,
        (key) => murmur2(key),
        (topic, partition) => load.get(`${topic}:${partition}`) ?? 0,
        () => settings.random.float(),
      ),
      telemetry,
      load,
    });
    this.#linger = new Linger(settings.clock, config.producer.linger, (records) =>
      sender.send(records),
    );
  }

  async shutdown(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await this.#linger?.flush();
    await producer?.close(true);
  }

  async push(batch: Batch<S>, attempt: Attempt): Promise<void> {
    if (this.#linger === undefined) throw new Error('BUG: push before start');
    const records = this.#unfinished.get(batch) ?? this.#recordsOf(batch, attempt);
    const tooLarge = records.find((record) => !this.#fits(record));
    const fitting = tooLarge === undefined ? records : records.filter((one) => this.#fits(one));
    try {
      await this.#linger.send(fitting);
    } catch (error) {
      this.#unfinished.set(batch, records);
      this.#note(records, attempt);
      throw error;
    }
    if (tooLarge === undefined) return;
    this.#note(records, attempt);
    throw this.#tooLarge(tooLarge);
  }

  #note(records: readonly OutRecord[], { progress }: Attempt): void {
    if (progress === undefined) return;
    progress.arrived = records.reduce((sum, { items, written }) => sum + (written ? items : 0), 0);
  }

  #recordsOf(batch: Batch<S>, attempt: Attempt): OutRecord[] {
    const headers = headersOf(this.#config, attempt.client);
    const key = this.#messageKey(attempt.client);
    const records: OutRecord[] = [];
    for (const piece of this.#divide(batch)) {
      const topic = this.#topic(piece.batch, attempt.client);
      for (const record of this.#records(piece.batch, topic, piece.key ?? key, headers)) {
        records.push(record);
      }
    }
    return records;
  }

  #divide(batch: Batch<S>): Iterable<Piece<S>> {
    const config = this.#config;
    const divided = config.topic_from_attribute !== '';
    const byId = {
      traces: config.partition_traces_by_id,
      logs: config.partition_logs_by_trace_id,
      metrics: false,
      profiles: false,
    }[this.#signal];
    const keyed = {
      traces: false,
      logs: config.partition_logs_by_resource_attributes,
      metrics: config.partition_metrics_by_resource_attributes,
      profiles: false,
    }[this.#signal];
    if (byId) {
      return byTrace(batch as Batch<'traces' | 'logs'>) as Iterable<Piece<Signal>> as Iterable<
        Piece<S>
      >;
    }
    return keyed || divided ? byResource(batch, keyed) : whole(batch);
  }

  /** The first that is there: from metadata, from an attribute of a resource, as configured. */
  #topic(batch: Batch<S>, client: ClientInfo | undefined): string {
    const { topic, topic_from_metadata_key: from } = this.#config[this.#signal];
    const [named] = from === '' ? [] : metadataOf(client, from);
    if (named !== undefined) return named;
    const attribute = this.#topicAttribute;
    if (attribute === undefined) return topic;
    const reader = new GroupReader(batch);
    while (reader.nextResource()) {
      if (!reader.resource.find(attribute)) continue;
      const value = reader.resource.value.string();
      if (value !== '') return value;
    }
    return topic;
  }

  #messageKey(client: ClientInfo | undefined): Buffer | undefined {
    const { message_key_from_metadata_key: from } = this.#config[this.#signal];
    const [key = ''] = from === '' ? [] : metadataOf(client, from);
    return key === '' ? undefined : Buffer.from(key);
  }

  #fits(record: OutRecord): boolean {
    return recordBytes(record) + setOverhead <= this.#config.producer.max_message_bytes;
  }

  /** Records of a piece, which is cut by items as long as one does not fit. */
  *#records(
    batch: Batch<S>,
    topic: string,
    key: Buffer | undefined,
    headers: RecordHeaders | undefined,
  ): Generator<OutRecord> {
    const values = this.#encodeOrFail(batch, topic);
    const items = values.length === 1 ? batch.itemCount : 1;
    const common = { topic, key, headers, items, written: false };
    const records = values.map((value): OutRecord => ({ ...common, value }));
    const one = records[0];
    if (one === undefined || records.length > 1 || batch.itemCount < 2 || this.#fits(one)) {
      yield* records;
      return;
    }
    const parts = Math.min(batch.itemCount, Math.ceil(recordBytes(one) / this.#limit()) + 1);
    const maxItems = Math.max(1, Math.floor(batch.itemCount / parts));
    for (const part of batch.split({ maxItems })) yield* this.#records(part, topic, key, headers);
  }

  #limit(): number {
    return Math.max(1, this.#config.producer.max_message_bytes);
  }

  #encodeOrFail(batch: Batch<Signal>, topic: string): Buffer[] {
    try {
      return this.#encode!(batch);
    } catch (error) {
      const text = `error exporting to topic ${JSON.stringify(topic)}: ${(error as Error).message}`;
      throw new PipelineError(text, { retryable: false, cause: error });
    }
  }

  #tooLarge(record: OutRecord): PipelineError {
    const { max_message_bytes: most } = this.#config.producer;
    const what = `record size ${recordBytes(record)} exceeds max ${most}: MESSAGE_TOO_LARGE`;
    const text = `error exporting to topic ${JSON.stringify(record.topic)}: ${what}`;
    this.#settings.logger.error('kafka record exceeds max message size', {
      actual_message_bytes: recordBytes(record),
      max_message_bytes: most,
    });
    return new PipelineError(text, { retryable: false });
  }
}
