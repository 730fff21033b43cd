/**
 * Hostile and broken clients over HTTP against the started program: each is told its fault, nothing
 * of what they send is stored, memory stays bounded, and good clients are served in between.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import zlib from 'node:zlib';
import { post, spans } from '../receivers/otlp/testing.ts';
import { freePorts } from '../testing/ports.ts';
import { Program, scratch } from './lib/program.ts';

const budgetBytes = 128 << 20;
const folder = scratch();
const stored = join(folder.path, 'stored.json');
let program: Program;
let port = 0;
let impatient = 0;
let restingBytes = 0;
let good = 0;

/** A line of /proc/PID/status, in bytes. */
function memory(line: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
  return 1024 * Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1]);
}

async function goodClient(): Promise<void> {
  assert.equal((await post(port, '/v1/traces', spans(1))).status, 200);
  good += 1;
}

before(async () => {
  [port = 0, impatient = 0] = await freePorts(2);
  program = await Program.startWith(
    `
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:${port}"}
  otlp/impatient:
    protocols:
      http: {endpoint: "127.0.0.1:${impatient}", read_header_timeout: 1s, read_timeout: 3s}
exporters:
  file: {path: ${stored}, flush_interval: 50ms}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp, otlp/impatient], exporters: [file]}
    metrics: {receivers: [otlp], exporters: [file]}
`,
    folder.path,
    { env: { WIRESTITCH_MEMORY_BUDGET: '128MiB' } },
  );
  for (let i = 0; i < 20; i += 1) await goodClient();
  restingBytes = memory('VmRSS');
});
afterEach(goodClient);
after(async () => {
  assert.equal(await program.stop(), 0);
  const lines = readFileSync(stored, 'utf8').trim().split('\n');
  const count = lines.reduce((sum, line) => {
    const request = JSON.parse(line) as {
      resourceSpans: { scopeSpans: { spans: unknown[] }[] }[];
    };
    const groups = request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    return sum + groups.reduce((items, group) => items + group.spans.length, 0);
  }, 0);
  assert.equal(count, good, 'what good clients sent is stored, and nothing else');
  folder.remove();
});

const json = { 'content-type': 'application/json' };
const gzip = { 'content-encoding': 'gzip' };
const head = (more: string): string =>
  `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n${more}`;

/** Writes pieces, one after the other, until the server ends the connection. @returns its answer */
async function drip(pieces: Iterable<string | Buffer>, everyMs: number, ends = false, to = port) {
  const socket = net.connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => chunks.push(chunk));
  const end = new Promise<void>((resolve) => {
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        closed = true;
        resolve();
      });
    }
  });
  for (const piece of pieces) {
    if (closed) break;
    socket.write(piece);
    if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  if (ends) socket.end();
  await end;
  socket.destroy();
  return Buffer.concat(chunks).toString('latin1');
}

function* forever(piece: string): Generator<string> {
  for (;;) yield piece;
}

test('headers and bodies that drip are given up', async () => {
  const headers = drip([head(''), ...Array<string>(200).fill('x-a: b\r\n')], 100, false, impatient);
  const body = drip(
    (function* () {
      yield head('content-length: 100000\r\n\r\n');
      yield* forever('a');
    })(),
    100,
    false,
    impatient,
  );
  const chunked = drip(
    (function* () {
      yield head('transfer-encoding: chunked\r\n\r\n');
      yield* forever('1\r\na\r\n');
    })(),
    100,
    false,
    impatient,
  );
  assert.match(await headers, /^HTTP\/1.1 408 /);
  assert.match(await body, /^HTTP\/1.1 408 |^$/);
  assert.match(await chunked, /^HTTP\/1.1 408 |^$/);
});

test('headers over the limit are told 431', async () => {
  const large = await drip([head(`x-large: ${'y'.repeat(100_000)}\r\n\r\n`)], 0);
  assert.match(large, /^HTTP\/1.1 431 /);
});

test('half-closed connections: a whole request is answered, half a one is not stored', async () => {
  const one = spans(1);
  const whole = await drip([head(`content-length: ${one.length}\r\n\r\n`), one], 0, true);
  assert.match(whole, /^HTTP\/1.1 200 /);
  good += 1;
  const half = [head(`content-length: ${one.length + 10}\r\n\r\n`), one];
  assert.doesNotMatch(await drip(half, 0, true), /^HTTP\/1.1 200 /);
  const silent = await drip([''], 0, true);
  assert.equal(silent, '');
});

test('bombs and bodies over the limit are told 413', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(200 << 20));
  assert.equal((await post(port, '/v1/traces', bomb, gzip)).status, 413);
  assert.equal((await post(port, '/v1/traces', Buffer.alloc(22 << 20))).status, 413);
  const chunked = await post(port, '/v1/traces', Buffer.alloc(22 << 20), {}, 'POST', true);
  assert.equal(chunked.status, 413);
});

test('JSON that grows, repeats and nests', async () => {
  const buckets = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[${Array(9_000_000).fill(0).join()}]}]}}]}]}]}`;
  assert.equal(
    (await post(port, '/v1/metrics', zlib.gzipSync(buckets), { ...json, ...gzip })).status,
    413,
  );
  // not ended: refused after all of it was read
  const repeated = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[${Array(100_000).fill('{}').join()}],${Array(100_000).fill('"name":""').join()}`;
  const reply = await post(port, '/v1/traces', repeated, json);
  assert.equal(reply.status, 400);
  assert.match(reply.body.toString(), /expected ',' or '}', found the end/);
  const deep = `{"x":${'['.repeat(1_000_000)}`;
  assert.equal((await post(port, '/v1/traces', deep, json)).status, 400);
});

test('many at once stay within twice the budget', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(19 << 20, 18));
  const body = Buffer.alloc(4_000_000, 1);
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      if (i % 5 === 0) return (await post(port, '/v1/traces', bomb, gzip)).status;
      if (i % 5 === 1) {
        const partly = [head('content-length: 4000000\r\n\r\n'), body.subarray(0, 3_000_000)];
        await drip(partly, 10, true);
        return 400;
      }
      return (await post(port, '/v1/traces', body)).status;
    }),
  );
  assert.ok(
    outcomes.every((status) => status === 400 || status === 503),
    outcomes.join(),
  );
  const grown = memory('VmHWM') - restingBytes;
  assert.ok(grown <= 2 * budgetBytes, `${grown >> 20} MiB more than at rest`);
});
