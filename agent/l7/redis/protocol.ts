import type { Connection, Detection, MessageSink, Protocol, Transport } from '../protocol.ts';
import { RedisConnection } from './connection.ts';
import { describeRedis, summarizeRedis } from './describe.ts';
import { detectRedis } from './detect.ts';

/** Redis and what speaks like it: RESP2 and RESP3. */
export function redis(): Protocol {
  return {
    name: 'redis',
    transports: ['tcp'],
    // 26379: Sentinel.
    ports: [6379, 6380, 26379],
    pairing: 'ordered',
    sessionTimeout: 120e9,
    detect: (
      b: Uint8Array,
      start: number,
      end: number,
      _transport: Transport,
      usual: boolean,
    ): Detection => detectRedis(b, start, end, usual),
    connect: (sink: MessageSink): Connection => new RedisConnection(sink),
    describe: describeRedis,
    summarize: summarizeRedis,
  };
}
