import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Traces } from '../../pdata/batch.ts';
import { numberedSpans, range } from '../../testing/spans.ts';
import type { ClickHouseBackend } from './backend.ts';
import type { ClickHouseBatch } from './sealed-batch.ts';
import { FakeClickHouse } from './testing/fake-clickhouse.ts';
import { startedBackend } from './testing/started.ts';

const nowMs = Date.UTC(2024, 0, 1);

async function withBackend(
  given: object,
  use: (backend: ClickHouseBackend<'traces'>) => Promise<void>,
): Promise<void> {
  const server = new FakeClickHouse();
  const endpoint = await server.start();
  const backend = await startedBackend('traces', { endpoint, ...given });
  try {
    await use(backend);
  } finally {
    await backend.shutdown();
    await server.stop();
  }
}

function contents(sealed: ClickHouseBatch) {
  const blocks = sealed.blocks.map(({ table, day, rows, columns, body }) => {
    return { table, day, rows, columns, body: Buffer.from(body).toString('latin1') };
  });
  return { items: sealed.itemCount, blocks, keys: sealed.dictionaryKeys };
}

const batches = [0, 1, 2].map((i) =>
  numberedSpans(range(i * 10, 10), { service: `service ${i}`, payloadBytes: 100 }),
);

test('blocks are the same whether batches were taken up before or came with the seal', async () => {
  await withBackend({}, async (whole) => {
    const expected = contents(await whole.seal(batches, nowMs));
    assert.equal(expected.items, 30);
    for (const taken of [1, 2, 3]) {
      await withBackend({}, async (backend) => {
        for (const batch of batches.slice(0, taken)) {
          assert.ok(backend.absorbs() !== undefined);
          backend.absorb(batch, nowMs);
        }
        const sealed = await backend.seal(batches.slice(taken), nowMs);
        assert.deepEqual(contents(sealed), expected);
      });
    }
  });
});

test('nothing is taken up while a seal writes; then what follows is a batch of its own', async () => {
  await withBackend({}, async (backend) => {
    backend.absorb(batches[0]!, nowMs);
    const first = backend.seal([], nowMs);
    assert.equal(backend.absorbs(), undefined);
    assert.equal((await first).itemCount, 10);
    backend.absorb(batches[1]!, nowMs);
    backend.absorb(batches[2]!, nowMs);
    const second = await backend.seal([], nowMs);
    assert.equal(second.itemCount, 20);
    assert.equal(second.blocks.find(({ table }) => table === 'spans')?.rows, 20);
  });
});

test('what cannot be taken up fails the seal, and nothing of it gets into the next one', async () => {
  const broken = {
    itemCount: 3,
    ranges: () => {
      throw new Error('cannot read');
    },
  } as unknown as Traces;
  await withBackend({}, async (backend) => {
    backend.absorb(batches[0]!, nowMs);
    backend.absorb(broken, nowMs);
    backend.absorb(batches[1]!, nowMs);
    await assert.rejects(backend.seal([], nowMs), /cannot read/);
    const next = await backend.seal([batches[2]!], nowMs);
    assert.equal(next.itemCount, 10);
    assert.equal(next.blocks.find(({ table }) => table === 'spans')?.rows, 10);
  });
});
