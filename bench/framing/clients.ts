/**
 * The client side of the framing benchmark: sends prepared messages to a sink, ten at a time, and
 * prints its own CPU time. Arguments: own | http2 | grpc-js, port, spans a request, requests.
 */
import http2 from 'node:http2';
import grpc from '@grpc/grpc-js';
import { GrpcClient } from '../../wire/grpc/client.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { request } from '../lib/payload.ts';

type Send = (message: Buffer, done: () => void) => void;

const [kind = 'own', portText = '', itemsText = '1', countText = '1000'] = process.argv.slice(2);
const port = Number(portText);
const items = Number(itemsText);
const count = Number(countText);
const path = otlpPaths.traces;

function own(): Send {
  const client = new GrpcClient({
    target: { host: '127.0.0.1', port },
    path,
    authority: `127.0.0.1:${port}`,
    userAgent: 'bench',
    headers: [],
    timeoutMs: 0,
    time: {
      monotonicMs: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return { cancel: () => clearTimeout(timer) };
      },
    },
    random: Math.random,
    maxCalls: 100,
  });
  return (message, done) => {
    client.call([message], false, Number.POSITIVE_INFINITY).then(done);
  };
}

function overHttp2(): Send {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const headers = {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  return (message, done) => {
    const stream = session.request(headers);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.on('close', done);
    stream.resume();
    stream.cork();
    stream.write(prefix);
    stream.end(message);
    stream.uncork();
  };
}

function overGrpcJs(): Send {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  const same = (b: Buffer): Buffer => b;
  return (message, done) => {
    client.makeUnaryRequest(path, same, same, message, done);
  };
}

const makers: Record<string, () => Send> = { own, http2: overHttp2, 'grpc-js': overGrpcJs };
const send = makers[kind]?.();
if (send === undefined) throw new Error(`unknown client ${kind}`);
const messages = Array.from({ length: items >= 500 ? 8 : 64 }, () => request('traces', items));

function round(requests: number): Promise<void> {
  let begun = 0;
  let ended = 0;
  return new Promise((resolve) => {
    const next = (): void => {
      if (begun === requests) return;
      send!(messages[begun++ % messages.length]!, () => {
        ended += 1;
        if (ended === requests) resolve();
        else next();
      });
    };
    for (let i = 0; i < 10; i += 1) next();
  });
}

await round(Math.ceil(count / 4));
const before = process.cpuUsage();
await round(count);
const { user, system } = process.cpuUsage(before);
const rssMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ us: (user + system) / count, rssMb }));
process.exit(0);
