/**
 * The load generator: one process that sends prepared OTLP requests as fast as a bounded number of
 * requests in flight allows, until it is told to stop.
 *
 * Arguments: one JSON object, see {@link LoadOptions}. Prints one JSON line at SIGTERM.
 */
import http from 'node:http';
import http2 from 'node:http2';
import {
  type Compression,
  compress,
  freshPoints,
  freshTraces,
  type LoadSignal,
  request,
} from './payload.ts';

export interface LoadOptions {
  protocol: 'grpc' | 'http';
  port: number;
  signal: LoadSignal;
  items: number;
  compression: Compression;
  inFlight: number;
  /** Items a second at most; 0 = as fast as `inFlight` allows. */
  rate: number;
  /** Spans of each trace: every request has traces of its own. 0 = the same requests again. */
  spansPerTrace: number;
  /** Metrics: every request has points that are later than those before. */
  fresh?: boolean;
}

const services = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const variants = Array.from({ length: options.items >= 500 ? 8 : 64 }, () =>
  compress(request(options.signal, options.items), options.compression),
);
let sent = 0;
let accepted = 0;
let refused = 0;
let stopping = false;

const start = performance.now();

/** Calls `send` when the rate allows the next request. */
function paced(send: () => void): void {
  const due = options.rate === 0 ? 0 : ((sent * options.items) / options.rate) * 1000;
  const wait = due - (performance.now() - start);
  if (wait <= 1) send();
  else setTimeout(() => paced(send), wait);
}

function settle(ok: boolean): void {
  if (ok) accepted += options.items;
  else refused += options.items;
}

function grpcLoop(): void {
  const client = http2.connect(`http://127.0.0.1:${options.port}`);
  client.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  const headers: http2.OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': services[options.signal],
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  if (options.compression !== 'none') headers['grpc-encoding'] = options.compression;
  const messages = variants.map((body) => {
    const prefix = Buffer.alloc(5);
    prefix[0] = options.compression === 'none' ? 0 : 1;
    prefix.writeUInt32BE(body.length, 1);
    return Buffer.concat([prefix, body]);
  });
  const send = (): void => {
    if (stopping) return;
    const stream = client.request(headers);
    let status = '';
    const readStatus = (h: http2.IncomingHttpHeaders): void => {
      status = String(h['grpc-status'] ?? status);
    };
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('error', () => undefined);
    stream.on('close', () => {
      settle(status === '0');
      if (status === '0') paced(send);
      else setTimeout(send, 20);
    });
    stream.resume();
    const message = messages[sent++ % messages.length]!;
    if (options.fresh === true) stream.end(freshPoints(message, options.items));
    else stream.end(options.spansPerTrace > 0 ? freshTraces(message, options) : message);
  };
  for (let i = 0; i < options.inFlight; i += 1) paced(send);
}

function httpLoop(): void {
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.inFlight });
  const headers: http.OutgoingHttpHeaders = { 'content-type': 'application/x-protobuf' };
  if (options.compression !== 'none') headers['content-encoding'] = options.compression;
  const send = (): void => {
    if (stopping) return;
    const body = variants[sent++ % variants.length] ?? Buffer.alloc(0);
    const call = http.request(
      {
        agent,
        host: '127.0.0.1',
        port: options.port,
        path: `/v1/${options.signal}`,
        method: 'POST',
        headers: { ...headers, 'content-length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          settle(response.statusCode === 200);
          if (response.statusCode === 200) paced(send);
          else setTimeout(send, 20);
        });
      },
    );
    call.on('error', () => setTimeout(send, 20));
    call.end(body);
  };
  for (let i = 0; i < options.inFlight; i += 1) paced(send);
}

process.on('SIGUSR2', () => console.log(JSON.stringify({ accepted, refused })));
process.on('SIGTERM', () => {
  stopping = true;
  setTimeout(() => process.exit(0), 300);
});
if (options.protocol === 'grpc') grpcLoop();
else httpLoop();
console.log('ready');
