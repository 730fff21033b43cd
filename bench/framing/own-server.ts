/** The server side of the framing benchmark with the project's own framing: counts and drops. */
import { Decompressor } from '../../wire/compression/decompressor.ts';
import { GrpcServer } from '../../wire/grpc/server.ts';

const budget = { tryReserve: () => true, release: () => undefined };
let requests = 0;
let bytes = 0;
const server = new GrpcServer({
  methods: new Map([
    [
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      (call, message) => {
        requests += 1;
        bytes += message.length;
        call.ok();
      },
    ],
  ]),
  maxMessageBytes: 64 << 20,
  maxConcurrentStreams: 1000,
  keepHeaders: false,
  budget,
  decompressor: new Decompressor(budget),
  time: {
    monotonicMs: () => performance.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  random: Math.random,
});
const address = await server.listen({ host: '127.0.0.1', port: 0 }, (error) => {
  throw error;
});
process.on('SIGTERM', () => process.exit(0));
process.on('SIGUSR2', () => console.log(JSON.stringify({ requests, bytes })));
console.log(`ready ${(address as { port: number }).port}`);
