import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { Store } from './traces.ts';

/** A store with a span each 100 ms, of a trace of its own, that answers for `mostMs` at once. */
async function storeOf(t: test.TestContext, mostMs: number): Promise<Store> {
  const server = createServer((request, response) => {
    const search = new URL(request.url ?? '', 'http://localhost').searchParams;
    const [from, to] = ['Min', 'Max'].map((end) =>
      Date.parse(search.get(`query.startTime${end}`) ?? ''),
    ) as [number, number];
    if (to - from > mostMs) {
      response.writeHead(504).end('out of time');
      return;
    }
    const spans = Array.from({ length: 10 }, (_, i) => 100 * i)
      .filter((at) => at >= from && at <= to)
      .map((at) => ({
        ...{ traceId: `t${at}`, spanId: `s${at}`, name: 'work' },
        ...{ startTimeUnixNano: `${at}000000`, endTimeUnixNano: `${at}000001` },
      }));
    response.end(JSON.stringify({ result: { resourceSpans: [{ scopeSpans: [{ spans }] }] } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new Store(url, url, '');
}

test('a range that cannot be answered in time is asked for in halves', async (t) => {
  const found = await (await storeOf(t, 150)).find('nginx', 0, 800);
  const wanted = Array.from({ length: 9 }, (_, i) => `t${100 * i}`);
  assert.deepEqual([...found.keys()].sort(), wanted);
  for (const spans of found.values()) assert.equal(spans.length, 1);
});

test('a store that never answers in time is a fault', async (t) => {
  const store = await storeOf(t, 0);
  await assert.rejects(store.find('nginx', 0, 800), /cannot read traces of nginx: out of time/);
});
