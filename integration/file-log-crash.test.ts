// A log that is written and rotated while its reader is killed again and again: every line arrives.
import assert from 'node:assert/strict';
import { appendFileSync, renameSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../testing/until.ts';
import { Program, scratch } from './lib/program.ts';

const kills = 6;
const linesPerStep = 500;

interface Sink {
  readonly server: Server;
  readonly url: string;
  /** Line numbers that were acknowledged, with how often. */
  readonly seen: Map<number, number>;
}

/** An OTLP/HTTP server that answers one request in four with 503. */
async function startSink(t: TestContext): Promise<Sink> {
  const seen = new Map<number, number>();
  let requests = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => void pieces.push(piece));
    request.on('end', () => {
      requests += 1;
      if (requests % 4 === 0) {
        response.writeHead(503).end();
        return;
      }
      for (const [, number] of Buffer.concat(pieces)
        .toString('latin1')
        .matchAll(/line (\d+) end/g)) {
        seen.set(Number(number), (seen.get(Number(number)) ?? 0) + 1);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { server, url: `http://127.0.0.1:${port}`, seen };
}

const config = (folder: string, url: string, operators: string) => `
extensions:
  file_storage: {directory: "${folder}/storage", create_directory: true}
receivers:
  file_log:
    include: ["${folder}/logs/app.log*"]
    start_at: beginning
    storage: file_storage
    poll_interval: 20ms
    retry_on_failure: {enabled: true, initial_interval: 10ms, max_elapsed_time: 0}
    operators: [${operators}]
exporters:
  otlp_http:
    endpoint: "${url}"
    compression: none
    encoding: json
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [file_log], exporters: [otlp_http]}
`;

async function run(t: TestContext, operators: string, lines: (first: number) => string) {
  const { mkdirSync } = await import('node:fs');
  const { path: folder, remove } = scratch();
  t.after(remove);
  mkdirSync(join(folder, 'logs'));
  const log = join(folder, 'logs', 'app.log');
  const sink = await startSink(t);
  const text = config(folder, sink.url, operators);
  let written = 0;
  let rotations = 0;
  const write = () => {
    appendFileSync(log, lines(written));
    written += linesPerStep;
    if (written % (linesPerStep * 7) !== 0) return;
    rotations += 1;
    renameSync(log, `${log}.${rotations}`);
  };
  let program = await Program.startWith(text, folder);
  t.after(() => program.stop());
  for (let kill = 0; kill < kills; kill += 1) {
    for (let step = 0; step < 10; step += 1) {
      write();
      await sleep(5 + kill * 3);
    }
    program.kill('SIGKILL');
    write();
    program = await Program.startWith(text, folder);
  }
  write();
  const all = () => sink.seen.size >= written;
  await until(all, 'all lines', undefined, 20).catch(() => {}); // said below, by number
  await program.stop();
  const missing = Array.from({ length: written }, (_, i) => i).filter((n) => !sink.seen.has(n));
  assert.deepEqual(missing.slice(0, 10), [], `${missing.length} of ${written} lines are missing`);
  const total = [...sink.seen.values()].reduce((a, b) => a + b, 0);
  t.diagnostic(`${written} lines, ${rotations} rotations, ${total - written} came twice`);
}

test('plain lines survive kills of the reader', async (t) => {
  await run(t, '', (first) =>
    Array.from({ length: linesPerStep }, (_, i) => `line ${first + i} end\n`).join(''),
  );
});

test('lines that an operator was still joining survive too', async (t) => {
  const recombine =
    '{type: recombine, combine_field: body, is_last_entry: \'body matches "0 end$"\', combine_with: " ", source_identifier: \'attributes["log.file.name"]\', force_flush_period: 1s}';
  await run(t, recombine, (first) =>
    Array.from({ length: linesPerStep }, (_, i) => `line ${first + i} end\n`).join(''),
  );
});
