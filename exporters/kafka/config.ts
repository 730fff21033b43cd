import { z } from 'zod';
import { duration, secret } from '../../config/schema/index.ts';
import { deliveryKeys } from '../../pipeline/config.ts';
import { kafkaClientKeys } from '../../pipeline/kafka/config.ts';

const maxInt32 = 2 ** 31 - 1;
const leastBrokerWrite = 100 * 1024 * 1024;

/** Signals in the order of the configuration's checks. */
const sections = ['logs', 'metrics', 'traces', 'profiles'] as const;

/** Encodings of the Go collector that do not exist here. */
const absent = ['jaeger_proto', 'jaeger_json', 'zipkin_proto', 'zipkin_json'];

const signal = (topic: string) =>
  z
    .strictObject({
      topic: z.string().default(topic).describe('topic'),
      topic_from_metadata_key: z
        .string()
        .default('')
        .describe("key of the client's metadata whose value is the topic, before all else"),
      message_key_from_metadata_key: z
        .string()
        .default('')
        .describe("key of the client's metadata whose value is the key of records"),
      encoding: z
        .string()
        .default('otlp_proto')
        .refine((name) => !absent.includes(name), {
          error: (issue) => `encoding ${issue.input} is not supported: use otlp_proto or otlp_json`,
        })
        .describe('otlp_proto or otlp_json; raw (logs: the body of each record)'),
    })
    .prefault({});

const producer = z
  .strictObject({
    max_message_bytes: z
      .int()
      .default(1_000_000)
      .describe('bytes of a request for one partition; larger batches are split by items'),
    max_broker_write_bytes: z
      .int()
      .default(leastBrokerWrite)
      .describe('bytes of one request; at least 100 MiB'),
    required_acks: z
      .preprocess((value) => (value === 'all' ? -1 : value), z.int())
      .default(1)
      .describe('0: none, 1: the leader, -1 or all: all replicas in sync'),
    compression: z.string().default('none').describe('none, gzip, snappy, lz4 or zstd'),
    compression_params: z
      .strictObject({ level: z.int().default(0).describe('of gzip or zstd; 0 and -1 = default') })
      .prefault({}),
    flush_max_messages: z.int().default(10_000).describe('records of one request'),
    allow_auto_topic_creation: z
      .boolean()
      .default(true)
      .describe('whether the broker is asked to make a topic that is not there'),
    linger: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('10ms')
      .describe('time that records wait for others; one request carries them then'),
  })
  .superRefine((given, ctx) => {
    const found = producerFaults(given).next().value;
    if (found) ctx.addIssue({ code: 'custom', path: [found[0]], message: found[1] });
  });

interface ProducerFields {
  readonly max_message_bytes: number;
  readonly max_broker_write_bytes: number;
  readonly required_acks: number;
  readonly compression: string;
  readonly compression_params: { readonly level: number };
  readonly flush_max_messages: number;
}

function* producerFaults(given: ProducerFields): Generator<[string, string], undefined> {
  const { compression, compression_params: params, max_message_bytes: message } = given;
  const { max_broker_write_bytes: write, required_acks: acks } = given;
  if (acks < -1 || acks > 1) {
    yield ['required_acks', `expected 'all' (-1), 0, or 1; configured value is ${acks}`];
  }
  if (!['none', 'gzip', 'snappy', 'lz4', 'zstd'].includes(compression)) {
    const text = "should be one of 'none', 'gzip', 'snappy', 'lz4', or 'zstd'";
    yield ['compression', `compression ${text}. configured value is "${compression}"`];
  }
  const level = params.level;
  const free = compression === 'none' || compression === 'zstd' || level === 0;
  if (!free && !(compression === 'gzip' && level >= -2 && level <= 9)) {
    const text = `unsupported parameters {Level:${level}} for compression type "${compression}"`;
    yield ['compression_params', text];
  }
  if (message < 0)
    yield ['max_message_bytes', `max_message_bytes (${message}) must be non-negative`];
  if (message > maxInt32) {
    yield ['max_message_bytes', `max_message_bytes (${message}) must not exceed ${maxInt32}`];
  }
  const key = 'max_broker_write_bytes';
  if (write < 0) yield [key, `${key} (${write}) must be non-negative`];
  if (write < leastBrokerWrite) {
    yield [key, `${key} (${write}) must be at least ${leastBrokerWrite} (100 MiB)`];
  }
  if (write > maxInt32) yield [key, `${key} (${write}) must not exceed ${maxInt32}`];
  if (message > write) {
    const text = `max_message_bytes (${message}) cannot be greater than ${key} (${write})`;
    yield ['max_message_bytes', text];
  }
  if (given.flush_max_messages < 1) {
    const text = `flush_max_messages (${given.flush_max_messages}) must be at least 1`;
    yield ['flush_max_messages', text];
  }
}

const hasher = z
  .string()
  .default('')
  .refine((name) => name === 'sarama_compat' || name === 'murmur2', {
    error: (issue) =>
      `sticky_key: unknown hasher ${JSON.stringify(issue.input)}, valid values are ` +
      '"sarama_compat", "murmur2"',
  })
  .describe('how keys give partitions: sarama_compat (FNV-1a) or murmur2 (as Java clients)');

const present = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => value ?? undefined, schema.optional()).optional();

const partitioner = z
  .strictObject({
    sticky_key: present(z.strictObject({ hasher })).describe('by the hash of the key; the default'),
    round_robin: present(z.strictObject({})).describe('all partitions in turn'),
    least_backup: present(z.strictObject({})).describe('where the fewest records are under way'),
    extension: z
      .string()
      .optional()
      .refine((id) => id === undefined, 'extension: no extension of this program is a partitioner')
      .describe('not supported'),
  })
  .superRefine((given, ctx) => {
    const set = Object.values(given).filter((value) => value !== undefined).length;
    if (set <= 1) return;
    const message = 'record_partitioner: at most one record_partitioner strategy may be configured';
    ctx.addIssue({ code: 'custom', message });
  });

const fields = z.strictObject({
  ...deliveryKeys(),
  ...kafkaClientKeys(),
  producer: producer.prefault({}),
  logs: signal('otlp_logs'),
  metrics: signal('otlp_metrics'),
  traces: signal('otlp_spans'),
  profiles: signal('otlp_profiles'),
  include_metadata_keys: z
    .array(z.string())
    .default([])
    .describe("keys of the client's metadata that become headers of records"),
  record_headers: z
    .array(z.strictObject({ name: z.string().default(''), value: secret().prefault('') }))
    .default([])
    .describe('headers of all records'),
  topic_from_attribute: z
    .string()
    .default('')
    .describe('resource attribute whose value is the topic; a record for each resource then'),
  partition_traces_by_id: z
    .boolean()
    .default(false)
    .describe('a record for each trace of a scope, its id (hex) as key'),
  partition_metrics_by_resource_attributes: z
    .boolean()
    .default(false)
    .describe('a record for each resource, the hash of its attributes as key'),
  partition_logs_by_resource_attributes: z
    .boolean()
    .default(false)
    .describe('a record for each resource, the hash of its attributes as key'),
  partition_logs_by_trace_id: z
    .boolean()
    .default(false)
    .describe('a record for each trace of a scope, its id (hex) as key'),
  record_partitioner: partitioner
    .prefault({ sticky_key: { hasher: 'sarama_compat' } })
    .describe('how partitions are chosen'),
});

type Fields = z.output<typeof fields>;

function* keyFaults(given: Fields): Generator<string> {
  const { logs, metrics, traces } = given;
  const byResource = given.partition_logs_by_resource_attributes;
  const byTrace = given.partition_logs_by_trace_id;
  const key = 'message_key_from_metadata_key';
  if (byResource && byTrace) {
    yield 'partition_logs_by_resource_attributes and partition_logs_by_trace_id cannot both be enabled';
  }
  if (traces[key] !== '' && given.partition_traces_by_id) {
    yield `traces::${key} cannot be combined with partition_traces_by_id`;
  }
  if (metrics[key] !== '' && given.partition_metrics_by_resource_attributes) {
    yield `metrics::${key} cannot be combined with partition_metrics_by_resource_attributes`;
  }
  if (logs[key] !== '' && (byResource || byTrace)) {
    const both = 'partition_logs_by_resource_attributes or partition_logs_by_trace_id';
    yield `logs::${key} cannot be combined with ${both}`;
  }
  yield* batchFaults(given);
}

/** What is taken from the client's metadata has to survive batching. */
function* batchFaults(given: Fields): Generator<string> {
  const batch = given.sending_queue?.batch;
  if (batch === undefined) return;
  const where = 'sending_queue::batch::partition::metadata_keys';
  const kept = batch.partition?.metadata_keys ?? [];
  const included = given.include_metadata_keys;
  if (included.length > 0 && kept.length === 0) {
    yield `${where} must be configured when include_metadata_keys is set and batching is enabled`;
  }
  const missing = included.find((key) => !kept.includes(key));
  if (missing !== undefined) {
    yield `${where} must include all include_metadata_keys values: missing ${JSON.stringify(missing)}`;
  }
  for (const name of ['topic_from_metadata_key', 'message_key_from_metadata_key'] as const) {
    for (const section of sections) {
      const key = given[section][name];
      if (key === '' || kept.includes(key)) continue;
      const rule = `${name} must be present in ${where} if batching is enabled`;
      yield `${section}::${name}: ${rule}: ${JSON.stringify(key)}`;
    }
  }
}

/** Configuration of the exporter. */
export const config = fields.superRefine((given, ctx) => {
  const message = keyFaults(given).next().value;
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
});

/** The keys as they are decoded; times in milliseconds. */
export type KafkaExporterConfig = z.output<typeof config>;
