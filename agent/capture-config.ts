import { z } from 'zod';
import { type ProtocolName, protocolNames } from './l7/registry.ts';

/** Keys that all receivers that capture have. */
export const captureKeys = {
  protocols: z
    .array(z.enum(protocolNames as [ProtocolName, ...ProtocolName[]]))
    .min(1)
    .default([...protocolNames])
    .describe('Protocols to look for.'),
  capture_name: z
    .string()
    .default('')
    .describe('Name of what captured, for wirestitch.capture.name; part of span ids.'),
  endpoint_segments: z
    .int()
    .min(0)
    .max(16)
    .default(2)
    .describe('Segments of the URL path in span names, ids left out; 0 = method alone.'),
  obfuscate: z
    .boolean()
    .default(true)
    .describe('Values in statements and commands of databases become ?.'),
  max_open_sessions: z
    .int()
    .min(1)
    .max(1 << 22)
    .default(1 << 16)
    .describe('Requests that wait for a response; the oldest goes for a new one.'),
};
