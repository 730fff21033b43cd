import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, test } from 'node:test';
import { sendAll } from './output.ts';
import type { EngineProcess } from './start.ts';
import { ask, sql, tempFolder, testEngine } from './testing/harness.ts';

const home = tempFolder();
after(() => home.remove());

/** A client that asks for endless rows, takes the first of them and then nothing. */
function stall(engine: EngineProcess, id: string): Promise<Socket> {
  const { hostname, port } = new URL(engine.url);
  const socket = connect(Number(port), hostname);
  const login = Buffer.from(`default:${engine.password}`).toString('base64');
  const text = 'SELECT number FROM numbers(1000000000000)';
  socket.write(
    `POST /?query_id=${id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${login}\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
  );
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('data', () => resolve(socket.pause()));
  });
}

test("clients that take nothing do not keep the gateway's own statements waiting", async () => {
  const engine = await testEngine(join(home.path, 'own'), { stallMs: 1e8 });
  const socketPath = engine.socketPath!;
  const own = async (body: string) => (await ask(engine, { socketPath, body })).text;
  const sockets = await Promise.all(['a', 'b', 'c'].map((id) => stall(engine, id)));
  const waiting = stall(engine, 'd');
  try {
    assert.equal(await own('SELECT 1'), '1\n');
    assert.equal(await own('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a'), '');
    assert.equal(await own('INSERT INTO t VALUES (1)'), '');
    assert.equal(await own('SELECT count() FROM t'), '1\n');
    await engine.endQuery('a');
    sockets.push(await waiting);
  } finally {
    for (const socket of sockets) socket.destroy();
    await engine.stop();
  }
});

test('a client that takes nothing is cut off, its session serves the next', async () => {
  const engine = await testEngine(join(home.path, 'cut'), { stallMs: 100 });
  try {
    const sockets = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => stall(engine, id)));
    for (const id of ['a', 'b', 'c', 'd', 'e']) await engineIsFree(engine, id);
    assert.equal(await sql(engine, 'SELECT 1'), '1\n');
    for (const socket of sockets) socket.destroy();
  } finally {
    await engine.stop();
  }
});

/** Resolves when no statement has this id: the server refuses it with code 216 until then. */
async function engineIsFree(engine: EngineProcess, id: string): Promise<void> {
  for (;;) {
    const reply = await ask(engine, { path: `/?query_id=${id}`, body: 'SELECT 2' });
    if (reply.text === '2\n') return;
    assert.match(reply.text, /^Code: 216\./);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A response whose client has taken nothing yet. */
function stuck() {
  let take: (() => void) | undefined;
  let written = 0;
  const response = new Writable({
    highWaterMark: 1,
    write(chunk: Uint8Array, _encoding, done) {
      written += chunk.length;
      take = done;
    },
  });
  return { response, take: () => take?.(), written: () => written };
}

test('an answer is broken off when nothing of it is taken in time, not before', async () => {
  const { response, take, written } = stuck();
  const waits: { ms: number; run: () => void; cancelled: boolean }[] = [];
  const rows = async function* () {
    yield 'one';
    while (waits.length < 1) await new Promise(setImmediate);
    yield 'two';
  };
  const sent = sendAll([Readable.from(rows())], response as unknown as ServerResponse, {
    stallMs: 30_000,
    after(ms, run) {
      const wait = { ms, run, cancelled: false };
      waits.push(wait);
      return {
        cancel() {
          wait.cancelled = true;
        },
      };
    },
  });
  const turns = async (until: () => boolean) => {
    while (!until()) await new Promise(setImmediate);
  };
  await turns(() => waits.length === 1);
  take();
  await turns(() => waits.length === 2);
  assert.deepEqual([waits[0]!.cancelled, waits[1]!.cancelled], [true, false]);
  assert.equal(written(), 6);
  waits[1]!.run();
  await assert.rejects(sent, { code: 209, message: /nothing was taken for 30000 ms/ });
  assert.equal(response.destroyed, true);
  assert.equal(waits[1]!.cancelled, true);
});
