/**
 * The server side of the framing benchmark with @grpc/grpc-js and raw buffers: counts and drops.
 */
import grpc from '@grpc/grpc-js';

let requests = 0;
let bytes = 0;
const empty = Buffer.alloc(0);
const same = (b: Buffer): Buffer => b;
const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 << 20 });
server.addService(
  {
    Export: {
      path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  },
  {
    Export(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      requests += 1;
      bytes += call.request.length;
      done(null, empty);
    },
  },
);
process.on('SIGTERM', () => process.exit(0));
process.on('SIGUSR2', () => console.log(JSON.stringify({ requests, bytes })));
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`ready ${port}`);
});
