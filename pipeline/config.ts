import { z } from 'zod';
import { componentId, duration, section, sectionOn } from '../config/schema/index.ts';

/** In what a queue or a batch is measured. */
export type Sizer = 'requests' | 'items' | 'bytes';

/** How batches are made from what is queued. */
export interface BatchConfig {
  /** Milliseconds after which a batch is sent however small it is. */
  readonly flush_timeout: number;
  /** Size from which a batch is sent. */
  readonly min_size: number;
  /** Size that a batch is split at; 0 = none. */
  readonly max_size: number;
  /** Absent: as the queue is measured, items where that is requests. */
  readonly sizer?: 'items' | 'bytes' | undefined;
  /** Batches are kept apart by these keys of the client's metadata. */
  readonly partition?: { readonly metadata_keys: readonly string[] } | undefined;
  /** Id of the processor `batch` that it stands for: whose metrics are told. */
  readonly processor?: string | undefined;
}

/** Keys of `sending_queue`, decoded; undefined in its place means that there is no queue. */
export interface QueueConfig {
  readonly num_consumers: number;
  /** Whether consume() settles with the result of the delivery. */
  readonly wait_for_result: boolean;
  /** Whether a full queue makes the sender wait instead of refusing. */
  readonly block_on_overflow: boolean;
  readonly sizer: Sizer;
  /** Capacity in units of `sizer`; what is being sent counts too. */
  readonly queue_size: number;
  /** Id of a storage extension; the queue is then on disk. */
  readonly storage?: string | undefined;
  readonly batch?: BatchConfig | undefined;
}

/** Intervals in milliseconds. */
export interface RetryConfig {
  readonly initial_interval: number;
  /** 0 to 1: an interval varies by this fraction up and down. */
  readonly randomization_factor: number;
  readonly multiplier: number;
  readonly max_interval: number;
  /** 0 = retries never end. */
  readonly max_elapsed_time: number;
}

/** What every exporter can be told about delivery. */
export interface ExporterConfig {
  /** Milliseconds an attempt may take; 0 = any. */
  readonly timeout: number;
  /** undefined = one attempt. */
  readonly retry_on_failure?: RetryConfig | undefined;
  /** undefined = synchronous: consume() settles with the result of the delivery. */
  readonly sending_queue?: QueueConfig | undefined;
}

const positive = (key: string) => z.int().positive({ error: `\`${key}\` must be positive` });

const batch = z
  .strictObject({
    flush_timeout: duration()
      .refine((ms) => ms > 0, '`flush_timeout` must be positive')
      .prefault('200ms')
      .describe('time after which a batch is sent however small it is'),
    min_size: z
      .int()
      .nonnegative({ error: '`min_size` must be non-negative' })
      .default(8192)
      .describe('size from which a batch is sent, in units of `sizer`'),
    max_size: z
      .int()
      .nonnegative({ error: '`max_size` must be non-negative' })
      .default(0)
      .describe('size that batches are split at, in units of `sizer`; 0 = never'),
    sizer: z
      .enum(['items', 'bytes'])
      .optional()
      .describe("items or bytes; absent = the queue's, items where that is requests"),
    partition: z
      .strictObject({
        metadata_keys: z
          .array(z.string())
          .default([])
          .describe("client metadata keys whose values keep batches apart (receiver's metadata)"),
      })
      .optional()
      .describe('keeps batches of different clients apart'),
  })
  .superRefine((config, ctx) => {
    if (config.max_size !== 0 && config.max_size < config.min_size) {
      const message = '`max_size` must be greater than or equal to `min_size`';
      ctx.addIssue({ code: 'custom', path: ['max_size'], message });
    }
    const keys = config.partition?.metadata_keys.map((key) => key.toLowerCase()) ?? [];
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) {
      const message = `duplicate entry in metadata_keys: ${JSON.stringify(twice)}`;
      ctx.addIssue({ code: 'custom', path: ['partition', 'metadata_keys'], message });
    }
  });

/** What a queue has where nothing is said; absent: an exporter's. */
export interface QueueDefaults {
  readonly num_consumers: number;
  readonly queue_size: number;
  readonly block_on_overflow: boolean;
  /** Whether batches are made. */
  readonly batch: boolean;
}

const exporterQueue: QueueDefaults = {
  num_consumers: 10,
  queue_size: 1000,
  block_on_overflow: false,
  batch: false,
};

const queueFields = (defaults: QueueDefaults) =>
  z.strictObject({
    num_consumers: positive('num_consumers')
      .default(defaults.num_consumers)
      .describe('deliveries that run at the same time'),
    wait_for_result: z
      .boolean()
      .default(false)
      .describe('whether the sender waits until its data is delivered'),
    block_on_overflow: z
      .boolean()
      .default(defaults.block_on_overflow)
      .describe('whether a full queue makes the sender wait instead of refusing'),
    sizer: z
      .enum(['requests', 'items', 'bytes'])
      .default('requests')
      .describe('how the queue is measured: requests, items or bytes'),
    queue_size: positive('queue_size')
      .default(defaults.queue_size)
      .describe('capacity in units of `sizer`; what is being sent counts too'),
    storage: componentId()
      .optional()
      .describe('id of a storage extension: the queue is on disk and survives a crash'),
    batch: (defaults.batch ? sectionOn(batch) : section(batch)).describe(
      `makes larger batches of what is queued; absent = ${defaults.batch ? 'on' : 'off'}`,
    ),
  });

/** The keys of a queue with the Go collector's names and texts. Decodes to {@link QueueConfig}. */
export function queueSchema(defaults: QueueDefaults = exporterQueue) {
  return queueFields(defaults).superRefine((config, ctx) => {
    if (config.storage !== undefined && config.wait_for_result) {
      const message =
        '`wait_for_result` is not supported with a persistent queue configured with `storage`';
      ctx.addIssue({ code: 'custom', path: ['wait_for_result'], message });
    }
    if (config.batch === undefined || batchSizer(config, config.batch) !== config.sizer) return;
    if (config.batch.min_size > config.queue_size) {
      const message = '`min_size` must be less than or equal to `queue_size`';
      ctx.addIssue({ code: 'custom', path: ['batch', 'min_size'], message });
    }
  });
}

const interval = (key: string) =>
  duration({ min: Number.NEGATIVE_INFINITY }).refine(
    (ms) => ms >= 0,
    `${key} value must be greater than or equal to 0`,
  );

const retry = (initialInterval: string) =>
  z
    .strictObject({
      initial_interval: interval('initial_interval')
        .prefault(initialInterval)
        .describe('time from the first failure to the first retry'),
      randomization_factor: z
        .number()
        .min(0, { error: 'randomization_factor value must be greater than or equal to 0' })
        .max(1, { error: 'randomization_factor value must be less than or equal to 1' })
        .default(0.5)
        .describe('0 to 1: intervals vary by this fraction up and down'),
      multiplier: z
        .number()
        .min(0, { error: 'multiplier value must be greater than or equal to 0' })
        .default(1.5)
        .describe('factor from one interval to the next'),
      max_interval: interval('max_interval').prefault('30s').describe('longest interval'),
      max_elapsed_time: interval('max_elapsed_time')
        .prefault('5m')
        .describe('time after which a batch is given up and dropped; 0 = never'),
    })
    .superRefine((config, ctx) => {
      if (config.max_elapsed_time === 0) return;
      for (const key of ['initial_interval', 'max_interval'] as const) {
        if (config.max_elapsed_time >= config[key]) continue;
        const message = `'max_elapsed_time' must not be less than '${key}'`;
        ctx.addIssue({ code: 'custom', path: ['max_elapsed_time'], message });
        return;
      }
    });

/**
 * The keys `timeout`, `retry_on_failure` and `sending_queue` with the Go collector's names,
 * defaults and texts, to be spread into an exporter's schema:
 * `z.strictObject({ ...deliveryKeys(), endpoint: ... })`. Decodes to {@link ExporterConfig}.
 * @param defaults `timeout` of one attempt and `initialInterval` of retries, where they are not `5s`
 */
export function deliveryKeys(
  defaults: { readonly timeout?: string; readonly initialInterval?: string } = {},
) {
  return {
    timeout: duration()
      .prefault(defaults.timeout ?? '5s')
      .describe('time that one attempt may take; 0 = any'),
    retry_on_failure: sectionOn(retry(defaults.initialInterval ?? '5s')).describe(
      'what happens after a retryable failure',
    ),
    sending_queue: sectionOn(queueSchema()).describe('the queue before the exporter'),
  };
}

/** The unit in which batches of a queue are measured. */
export function batchSizer(
  queueConfig: { readonly sizer: Sizer },
  batchConfig: { readonly sizer?: 'items' | 'bytes' | undefined },
): 'items' | 'bytes' {
  if (batchConfig.sizer !== undefined) return batchConfig.sizer;
  return queueConfig.sizer === 'bytes' ? 'bytes' : 'items';
}
