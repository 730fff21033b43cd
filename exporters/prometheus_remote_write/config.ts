import { z } from 'zod';
import type { ConfigFault } from '../../component/factory.ts';
import type { Gates } from '../../component/settings.ts';
import { type HttpClientConfig, httpClientKeys } from '../../config/groups/http-client.ts';
import { type ResourceConversion, resourceConversionKey } from '../../config/groups/prometheus.ts';
import { urlFault } from '../../config/groups/url.ts';
import { componentId } from '../../config/schema/index.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

import { strategies } from '../../wire/prometheus/from-otlp/rules.ts';

export { gateIds, messageTypes };

/** Names of messages, as `protobuf_message` and Content-Types have them. */
const messageTypes = {
  1: 'prometheus.WriteRequest',
  2: 'io.prometheus.write.v2.Request',
} as const;

/** Feature gates of the Go collector. */
const gateIds = {
  version2: 'exporter.prometheusremotewritexporter.enableSendingRW2',
  workers: 'exporter.prometheusremotewritexporter.EnableMultipleWorkers',
  permissive: 'pkg.translator.prometheus.PermissiveLabelSanitization',
} as const;

/** Bytes of a request where nothing, or 0, is said. */
const defaultBytes = 3_000_000;

const queue = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('whether there is a queue; without one the sender waits'),
    queue_size: z.int().default(10_000).describe('batches that the queue takes'),
    num_consumers: z
      .int()
      .default(5)
      .describe('requests of one batch under way at a time, unless the key below says it'),
    storage: componentId()
      .optional()
      .describe('id of a storage extension: the queue is on disk and survives a crash'),
  })
  .prefault({})
  .describe('the queue before the exporter');

/** Configuration after decoding. */
export interface RemoteWriteConfig
  extends HttpClientConfig,
    Pick<ExporterConfig, 'timeout' | 'retry_on_failure'> {
  readonly namespace: string;
  readonly remote_write_queue: {
    readonly enabled: boolean;
    readonly queue_size: number;
    readonly num_consumers: number;
    readonly storage?: string | undefined;
  };
  readonly external_labels: Readonly<Record<string, string>>;
  readonly max_batch_size_bytes: number;
  readonly max_batch_request_parallelism?: number | null | undefined;
  readonly resource_to_telemetry_conversion: ResourceConversion;
  readonly target_info: { readonly enabled: boolean };
  readonly disable_scope_info: boolean;
  readonly add_metric_suffixes: boolean;
  readonly translation_strategy: string;
  readonly send_metadata: boolean;
  readonly protobuf_message: string;
  readonly wal?: unknown;
}

const { timeout, retry_on_failure } = deliveryKeys({ initialInterval: '50ms' });

const keys = z.strictObject({
  timeout,
  retry_on_failure,
  ...httpClientKeys({ compression: '' }),
  endpoint: z
    .string()
    .default('http://some.url:9411/api/prom/push')
    .describe('URL that requests are posted to'),
  write_buffer_size: z
    .int()
    .default(512 * 1024)
    .describe('bytes held before writing; bodies are written as they are'),
  namespace: z.string().default('').describe('put before the name of every metric'),
  remote_write_queue: queue,
  external_labels: z
    .record(z.string(), z.string())
    .default({})
    .describe('labels added to every series that has none of the name'),
  max_batch_size_bytes: z
    .int()
    .default(defaultBytes)
    .describe('largest request in bytes, before compression; 0 = 3,000,000'),
  max_batch_request_parallelism: z
    .int()
    .nullish()
    .describe('requests of one batch under way at a time; absent = num_consumers of the queue'),
  resource_to_telemetry_conversion: resourceConversionKey(),
  wal: z
    .unknown()
    .optional()
    .describe('not there: a queue on disk is `remote_write_queue::storage`'),
  target_info: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('whether each resource becomes a series target_info'),
    })
    .prefault({})
    .describe('series that hold the attributes of resources'),
  disable_scope_info: z
    .boolean()
    .default(false)
    .describe('whether labels otel_scope_* are left out'),
  add_metric_suffixes: z
    .boolean()
    .default(true)
    .describe('whether units and _total are added to names; translation_strategy goes before it')
    .meta({ deprecated: true }),
  translation_strategy: z
    .string()
    .default('')
    .describe(`how names are made: ${Object.keys(strategies).join(', ')}`),
  send_metadata: z
    .boolean()
    .default(false)
    .describe('whether metadata of families is sent (1.0; 2.0 always does)'),
  protobuf_message: z
    .string()
    .default(messageTypes[1])
    .describe(`message that is sent: ${Object.values(messageTypes).join(' or ')}`),
});

type Keys = z.output<typeof keys>;

function check(config: Keys, ctx: z.RefinementCtx): void {
  const issue = (path: string[], message: string): void =>
    void ctx.addIssue({ code: 'custom', path, message });
  const { remote_write_queue: given, max_batch_request_parallelism: parallel } = config;
  if (parallel != null && parallel < 1) {
    const message = "max_batch_request_parallelism can't be set to below 1";
    issue(['max_batch_request_parallelism'], message);
  }
  if (given.queue_size < 0) {
    issue(['remote_write_queue', 'queue_size'], "remote write queue size can't be negative");
  } else if (given.enabled && given.queue_size === 0) {
    issue(['remote_write_queue', 'queue_size'], 'a 0 size queue will drop all the data');
  }
  if (given.num_consumers < 0) {
    const message = "remote write consumer number can't be negative";
    issue(['remote_write_queue', 'num_consumers'], message);
  }
  if (config.max_batch_size_bytes < 0) {
    issue(['max_batch_size_bytes'], 'max_batch_byte_size must be greater than 0');
  }
  if (config.compression !== '' && config.compression !== 'snappy') {
    issue(['compression'], 'compression type must be snappy');
  }
  if (config.wal !== undefined && config.wal !== null) {
    const message =
      'the write-ahead log is not supported: set `remote_write_queue::storage` to a storage ' +
      'extension for a queue on disk';
    issue(['wal'], message);
  }
  if (Object.entries(config.external_labels).some((pair) => pair.includes(''))) {
    const message =
      'prometheus remote write: external labels configuration contains an empty key or value';
    issue(['external_labels'], message);
  }
  const fault = config.endpoint === '' ? 'empty url' : urlFault(config.endpoint);
  if (fault !== undefined) issue(['endpoint'], `invalid endpoint: ${fault}`);
  checkMessage(config, issue);
}

function checkMessage(config: Keys, issue: (path: string[], message: string) => void): void {
  const { protobuf_message: message, translation_strategy: strategy } = config;
  const supported = Object.values(messageTypes);
  if (!(supported as string[]).includes(message)) {
    const list = supported.join(', ');
    const text = `unknown type for remote write protobuf message ${message}, supported: ${list}`;
    issue(['protobuf_message'], text);
  }
  if (strategy === '') return;
  if (!Object.hasOwn(strategies, strategy)) {
    issue(['translation_strategy'], `invalid translation_strategy: ${strategy}`);
  } else if (strategies[strategy as keyof typeof strategies].utf8 && message === messageTypes[1]) {
    const text = `translation strategy ${strategy} requires Prometheus Remote Write 2.0 (UTF-8 support)`;
    issue(['translation_strategy'], text);
  }
}

/** Configuration of the exporter; times in milliseconds. */
export const config = keys.superRefine(check).transform((given) => ({
  ...given,
  max_batch_size_bytes: given.max_batch_size_bytes || defaultBytes,
}));

/** What a configuration may not say as the gates are. */
export function gateFaults(given: RemoteWriteConfig, gates: Gates): ConfigFault[] {
  if (given.protobuf_message !== messageTypes[2] || gates.enabled(gateIds.version2)) return [];
  const message = `remote write v2 is only supported with the feature gate ${gateIds.version2}`;
  return [{ path: ['protobuf_message'], message }];
}
