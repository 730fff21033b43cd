/**
 * What it costs to take streams apart, with nothing done to their messages: this project's gRPC
 * server against @grpc/grpc-js, in turn.
 * usage: node scripts/launch.mjs bench/skywalking/framing.ts [SEGMENTS of a stream]
 */
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { startServer } from '../../wire/grpc/testing.ts';
import { type Child, cpuSeconds, sleep, start } from '../lib/process.ts';
import { spansPerSegment } from './segments.ts';

const path = '/skywalking.v3.TraceSegmentReportService/collect';
const self = fileURLToPath(import.meta.url);
const raw = (value: Buffer): Buffer => value;

/** Prints its port. */
async function serve(which: string): Promise<void> {
  if (which === 'own') {
    const { port } = await startServer(() => undefined, {
      maxConcurrentStreams: 100,
      methods: new Map([
        [
          path,
          {
            open: (call, ready) =>
              ready({ message: () => undefined, end: () => call.ok(), aborted: () => undefined }),
          },
        ],
      ]),
    });
    console.log(`port ${port}`);
    return;
  }
  const server = new grpc.Server();
  const codec = {
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
  const method = { path, requestStream: true, responseStream: false, ...codec };
  server.addService(
    { collect: method },
    {
      collect(call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
        call.on('data', () => undefined);
        call.on('end', () => done(null, Buffer.alloc(0)));
      },
    },
  );
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, port) => {
    console.log(`port ${port satisfies AddressInfo['port']}`);
  });
}

async function accepted(load: Child): Promise<number> {
  const line = load.line(/accepted/);
  load.process.kill('SIGUSR2');
  return (JSON.parse(await line) as { accepted: number }).accepted;
}

async function messagesPerCpuSecond(which: string, perStream: string): Promise<number> {
  const server = start(process.execPath, [...process.execArgv, self, '--serve', which], {
    log: true,
  });
  const port = (await server.line(/^port/)).slice(5);
  const load = start(process.execPath, [
    fileURLToPath(new URL('./load.ts', import.meta.url)),
    port,
    perStream,
  ]);
  await sleep(2500);
  const [before, cpuBefore] = [await accepted(load), cpuSeconds(server.pid)];
  await sleep(3000);
  const [after, cpuAfter] = [await accepted(load), cpuSeconds(server.pid)];
  await load.stop();
  await server.stop();
  return (after - before) / spansPerSegment / (cpuAfter - cpuBefore);
}

if (process.argv[2] === '--serve') await serve(process.argv[3] ?? 'own');
else {
  const perStream = process.argv[2] ?? '20';
  for (let repeat = 0; repeat < 2; repeat += 1) {
    for (const which of ['own', 'grpc-js']) {
      const each = await messagesPerCpuSecond(which, perStream);
      console.log(`${which.padEnd(8)} ${Math.round(each / 1000)} k messages per CPU-s`);
    }
  }
}
