import type { Connection, Detection, MessageSink, Protocol } from '../protocol.ts';
import { HttpConnection } from './connection.ts';
import { describeHttp, summarizeHttp } from './describe.ts';
import { detectHttp1 } from './detect.ts';
import { Head } from './head.ts';

/** HTTP/1.0 and HTTP/1.1 (RFC 9112). */
export function http1(): Protocol {
  const scratch = new Head();
  return {
    name: 'http',
    transports: ['tcp'],
    ports: [80, 8080, 8000, 3000, 5000, 9090],
    pairing: 'ordered',
    sessionTimeout: 120e9,
    detect: (b: Uint8Array, start: number, end: number): Detection => detectHttp1(b, start, end),
    connect: (sink: MessageSink): Connection => new HttpConnection(sink, scratch),
    describe: describeHttp,
    summarize: summarizeHttp,
  };
}
