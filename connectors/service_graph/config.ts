import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';

/** Durations where zero and less mean something. */
const anyDuration = () => duration({ min: Number.NEGATIVE_INFINITY });

const store = z.strictObject({
  max_items: z.int().default(1000).describe('requests that wait for their other half at most'),
  ttl: anyDuration().prefault('2s').describe('how long half a request waits for the other half'),
});

export const config = z
  .strictObject({
    latency_histogram_buckets: z
      .array(anyDuration())
      .optional()
      .describe('upper bounds of the buckets; default 2 ms to 15 s in 16 steps'),
    exponential_histogram_max_size: z
      .int()
      .default(0)
      .describe('exponential buckets instead, so many at most; 0 = explicit buckets'),
    dimensions: z
      .array(z.string())
      .default([])
      .describe('attributes of resource or span that become client_NAME and server_NAME'),
    store: store.prefault({}),
    cache_loop: anyDuration()
      .prefault('1m')
      .describe('how often series without requests for 15 minutes are forgotten'),
    store_expiration_loop: anyDuration()
      .prefault('2s')
      .describe('how often the store is looked through for what waited too long'),
    metrics_flush_interval: anyDuration()
      .prefault('60s')
      .describe('time between two exports; 0 = with each batch of spans'),
    metrics_timestamp_offset: anyDuration()
      .prefault(0)
      .describe('how much older than now data points are stamped'),
    virtual_node_peer_attributes: z
      .array(z.string())
      .default(['peer.service', 'db.name', 'db.system'])
      .describe('span attributes that name a server without spans, the first found; [] = none'),
    virtual_node_extra_label: z
      .boolean()
      .default(false)
      .describe('label virtual_node: client or server where that side had no span'),
    database_name_attributes: z
      .array(z.string())
      .default([])
      .describe('attributes that name a database, the first found; [] = db.name'),
  })
  .superRefine((given, ctx) => {
    const size = given.exponential_histogram_max_size;
    const own = given.latency_histogram_buckets !== undefined;
    const path = ['exponential_histogram_max_size'];
    if (!own && size < 0) {
      const message = '`exponential_histogram_max_size` can not be negative';
      ctx.addIssue({ code: 'custom', path, message });
    }
    if (own && size > 0) {
      const message = 'use either `latency_histogram_buckets` or `exponential_histogram_max_size`';
      ctx.addIssue({ code: 'custom', path, message });
    }
  });

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;
