/**
 * A backend that accepts and discards OTLP: gRPC on the first port, HTTP on the second. Prints
 * `ready GRPC HTTP` and, at SIGUSR2, one JSON line with the requests and bytes seen.
 */
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

let requests = 0;
let bytes = 0;
const empty = Buffer.from([0, 0, 0, 0, 0]);

const grpc = http2.createServer({ settings: { initialWindowSize: 8 << 20 } });
grpc.on('session', (session) => session.setLocalWindowSize(16 << 20));
grpc.on('stream', (stream) => {
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on('error', () => undefined);
  stream.on('end', () => {
    requests += 1;
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(empty);
  });
});
const plain = http.createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    requests += 1;
    response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    response.end();
  });
});
process.on('SIGUSR2', () => console.log(JSON.stringify({ requests, bytes })));
grpc.listen(0, '127.0.0.1', () =>
  plain.listen(0, '127.0.0.1', () => {
    const port = (server: http.Server | http2.Http2Server) =>
      (server.address() as AddressInfo).port;
    console.log(`ready ${port(grpc)} ${port(plain)}`);
  }),
);
