/** The server side of the framing benchmark with thin framing over node:http2: counts and drops. */
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

let requests = 0;
let bytes = 0;
const empty = Buffer.from([0, 0, 0, 0, 0]);
const server = http2.createServer({ settings: { initialWindowSize: 1 << 20 } });
server.on('session', (session) => session.setLocalWindowSize(8 << 20));
server.on('stream', (stream) => {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  stream.on('error', () => undefined);
  stream.on('end', () => {
    const message = (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)).subarray(5);
    requests += 1;
    bytes += message.length;
    const headers = { ':status': 200, 'content-type': 'application/grpc' };
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(empty);
  });
});
process.on('SIGTERM', () => process.exit(0));
process.on('SIGUSR2', () => console.log(JSON.stringify({ requests, bytes })));
server.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`));
