import { z } from 'zod';
import { captureKeys } from '../../agent/capture-config.ts';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { namesConfig } from '../../agent/tags/config.ts';
import { byteSize, duration } from '../../config/schema/index.ts';
import { observationPoints } from '../../wire/observation/points.ts';

const metrics = z.strictObject({
  interval: duration({ min: 1000, max: 3_600_000 })
    .refine((ms) => ms % 1000 === 0, 'must be whole seconds')
    .prefault('1s')
    .describe('Time that the points of a metric are of, whole seconds.'),
  temporality: z
    .enum(['delta', 'cumulative'])
    .default('delta')
    .describe('delta: what was in the interval; cumulative (Prometheus): since the series began.'),
  by: z
    .enum(['service', 'path'])
    .default('path')
    .describe('Network metrics for each server, or for each client and server.'),
  max_series: z
    .int()
    .min(1)
    .max(1 << 20)
    .default(2000)
    .describe('Series of network metrics, and of request metrics; others are added up in one.'),
});

const live = {
  interfaces: z
    .array(z.string().min(1).max(15))
    .default([])
    .describe('Network interfaces to capture on; any = all of them. Needs root or CAP_NET_RAW.'),
  network_namespaces: z
    .array(z.string().min(1).max(255))
    .min(1)
    .default(['self'])
    .describe('Namespaces to capture in: self, a name of /run/netns, or a path (/proc/1/ns/net).'),
  snap_length: z
    .int()
    .min(64)
    .max(262_144)
    .default(65_535)
    .describe('Bytes kept of each packet; what is behind them counts as not captured.'),
  buffer_size: byteSize({ min: 1 << 20, max: 2 ** 31 })
    .prefault('16MiB')
    .describe('Ring that the kernel writes packets to, for each interface and namespace.'),
  filter: z
    .string()
    .default('')
    .superRefine((text, ctx) => {
      try {
        compileFilter(parseFilter(text), { linkBytes: 14, snapLength: 1 });
      } catch (error) {
        ctx.addIssue({ code: 'custom', message: (error as Error).message });
      }
    })
    .describe('Packets to capture, such as `tcp port 80 and not host 10.0.0.1`; empty = all IP.'),
  required: z
    .boolean()
    .default(false)
    .describe(
      'The start fails where live capture is not allowed; else it is said, and the rest runs.',
    ),
  exclude_own: z.boolean().default(true).describe('Leave out connections of this program itself.'),
};

const limits = {
  max_flows: z
    .int()
    .min(1)
    .max(1 << 22)
    .default(1 << 17)
    .describe('Flows tracked at once; the longest idle one goes for a new one.'),
  max_packet_size: byteSize({ min: 64, max: 64 << 20 })
    .prefault('1MiB')
    .describe('Largest packet that a capture file may hold.'),
  max_reassembly_size: byteSize({ min: 1 << 16, max: 2 ** 31 })
    .prefault('32MiB')
    .describe('Bytes held of segments that came too early, over all flows.'),
  max_batch_spans: z
    .int()
    .min(1)
    .default(1000)
    .describe('Spans, log records or metric points at which a batch is handed on.'),
};

/** Keys of the packet receiver. */
export const config = z
  .strictObject({
    files: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Capture files (pcap, pcapng, also gzipped), read one after the other; * ? and ** match.',
      ),
    ...live,
    ...captureKeys,
    speed: z
      .enum(['max', 'original'])
      .default('max')
      .describe('Of files. max: as fast as the pipeline takes it; original: in the time it took.'),
    rebase_time: z
      .boolean()
      .default(false)
      .describe('Shift timestamps so that the capture ends (speed max) or begins (original) now.'),
    observation_point: z
      .enum(observationPoints)
      .default('rest')
      .describe('Where the packets are captured; client_*: spans describe the client.'),
    separate_interfaces: z
      .boolean()
      .default(true)
      .describe('A message seen on two interfaces is two spans.'),
    names: namesConfig.prefault({}).describe('Of live captures: names of processes and ends.'),
    metrics: metrics.prefault({}).describe('Metrics of the network and of requests.'),
    ...limits,
  })
  .superRefine((given, ctx) => {
    if (given.files.length > 0 || given.interfaces.length > 0) return;
    ctx.addIssue({ code: 'custom', message: 'name `files` to read or `interfaces` to capture on' });
  });

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.infer<typeof config>;
