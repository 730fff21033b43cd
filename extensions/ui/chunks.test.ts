import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { sendChunks } from './answers.ts';

/** @returns its address, and how each answer ended: undefined or an error */
async function serve(t: TestContext, chunks: () => Iterable<string>) {
  const ended: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    const answer = { chunks: chunks(), contentType: 'text/plain', fileName: 'a b.json' };
    const sent = sendChunks(request, response, answer).catch((error: unknown) => error);
    ended.push(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, ended };
}

const piece = 'spans, and more of them; '.repeat(100);

function* pieces(count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield piece;
}

test('a long text comes whole, compressed or not, under its name', async (t) => {
  const { url, ended } = await serve(t, () => pieces(500));
  for (const encoding of ['gzip', 'identity']) {
    const response = await fetch(url, { headers: { 'accept-encoding': encoding } });
    assert.equal(response.headers.get('content-disposition'), 'attachment; filename="a_b.json"');
    assert.equal(response.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
    assert.equal(await response.text(), piece.repeat(500));
  }
  assert.deepEqual(await Promise.all(ended), [undefined, undefined]);
});

test('a client that leaves is no fault, and no more is made', async (t) => {
  let made = 0;
  function* endless(): Generator<string> {
    for (;;) {
      made += 1;
      yield piece;
    }
  }
  const { url, ended } = await serve(t, endless);
  const request = get(url);
  const [response] = await once(request, 'response');
  await once(response, 'data');
  request.destroy();
  assert.deepEqual(await Promise.all(ended), [undefined]);
  const before = made;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(made, before);
});

test('what cannot be made is a fault, and the answer breaks off', async (t) => {
  const { url, ended } = await serve(t, function* () {
    yield piece;
    throw new Error('no more');
  });
  await assert.rejects(async () => (await fetch(url)).text());
  assert.match(String((await Promise.all(ended))[0]), /no more/);
});

test('a client that left before there was an answer is no fault', async (t) => {
  const left = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    response.once('close', () => {
      const answer = { chunks: pieces(5), contentType: 'text/plain' };
      sendChunks(request, response, answer).then(ended.resolve, ended.reject);
    });
    left.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const request = get(`http://127.0.0.1:${port}/`).on('error', () => undefined);
  await left.promise;
  request.destroy();
  assert.equal(await ended.promise, undefined);
});
