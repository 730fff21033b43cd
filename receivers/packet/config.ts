import { z } from 'zod';
import { type ProtocolName, protocolNames } from '../../agent/l7/registry.ts';
import { observationPoints } from '../../agent/observation.ts';
import { byteSize } from '../../config/schema/index.ts';

const protocol = z.enum(protocolNames as [ProtocolName, ...ProtocolName[]]);

/** Keys of the packet receiver. */
export const config = z.strictObject({
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Capture files (pcap, pcapng, also gzipped), read one after the other; * ? and ** match.',
    ),
  speed: z
    .enum(['max', 'original'])
    .default('max')
    .describe('max: as fast as the pipeline takes it; original: in the time it took.'),
  rebase_time: z
    .boolean()
    .default(false)
    .describe('Shift timestamps so that the capture ends (speed max) or begins (original) now.'),
  protocols: z
    .array(protocol)
    .min(1)
    .default([...protocolNames])
    .describe('Protocols to look for.'),
  capture_name: z
    .string()
    .default('')
    .describe('Name of what captured, for wirestitch.capture.name; part of span ids.'),
  observation_point: z
    .enum(observationPoints)
    .default('rest')
    .describe('Where the packets were captured; client_*: spans describe the client.'),
  separate_interfaces: z
    .boolean()
    .default(true)
    .describe('A message seen on two interfaces is two spans.'),
  endpoint_segments: z
    .int()
    .min(0)
    .max(16)
    .default(2)
    .describe('Segments of the URL path in span names, ids left out; 0 = method alone.'),
  obfuscate: z
    .boolean()
    .default(true)
    .describe('Values in SQL statements and Redis commands become ?.'),
  max_flows: z
    .int()
    .min(1)
    .max(1 << 22)
    .default(1 << 17)
    .describe('Flows tracked at once; the longest idle one goes for a new one.'),
  max_open_sessions: z
    .int()
    .min(1)
    .max(1 << 22)
    .default(1 << 16)
    .describe('Requests that wait for a response; the oldest goes for a new one.'),
  max_packet_size: byteSize({ min: 64, max: 64 << 20 })
    .prefault('1MiB')
    .describe('Largest packet that a capture file may hold.'),
  max_reassembly_size: byteSize({ min: 1 << 16, max: 2 ** 31 })
    .prefault('32MiB')
    .describe('Bytes held of segments that came too early, over all flows.'),
  max_batch_spans: z.int().min(1).default(1000).describe('Spans at which a batch is handed on.'),
});

export type Config = z.infer<typeof config>;
