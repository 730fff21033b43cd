/**
 * Sends segments over gRPC until SIGUSR2, then prints how many spans were accepted.
 * usage: load.ts PORT SEGMENTS (of a stream)
 */
import http2 from 'node:http2';
import { javaSegment, spansPerSegment } from './segments.ts';

const [port, perStream] = process.argv.slice(2).map(Number) as [number, number];
const inFlight = 8;

/** Streams as their whole payload: length-prefixed messages. */
const payloads = Array.from({ length: 16 }, (_, k) =>
  Buffer.concat(
    Array.from({ length: perStream }, (_, i) => {
      const segment = javaSegment(k * perStream + i);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(segment.length, 1);
      return Buffer.concat([prefix, segment]);
    }),
  ),
);

let accepted = 0;
let sent = 0;
const client = http2.connect(`http://127.0.0.1:${port}`);

function send(): void {
  const stream = client.request({
    ':method': 'POST',
    ':path': '/skywalking.v3.TraceSegmentReportService/collect',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status = '';
  stream.on('trailers', (headers) => {
    status = String(headers['grpc-status']);
  });
  stream.on('close', () => {
    if (status === '0') accepted += perStream * spansPerSegment;
    setImmediate(send);
  });
  stream.resume();
  sent += 1;
  stream.end(payloads[sent % payloads.length]);
}

for (let i = 0; i < inFlight; i += 1) send();
process.on('SIGUSR2', () => console.log(JSON.stringify({ accepted })));
