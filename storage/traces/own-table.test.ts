import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SqlError } from '../sql.ts';
import { OwnTable, placesComplete } from './own-table.ts';

function failing(code: number, retryable = false) {
  return () => {
    const queryId = '';
    throw new SqlError('refused', { code, retryable, outcome: 'failed', queryId });
  };
}

test('a server that refuses the statement for own tables is asked as any, from then on', async () => {
  for (const [code, retryable] of [
    [46, false],
    [36, false],
    [497, false],
    [164, true],
  ] as const) {
    const table = new OwnTable('d', '`d`.`spans`', async () => true);
    let own = 0;
    const asOwn = async () => {
      own++;
      return failing(code, retryable)();
    };
    for (let i = 0; i < 2; i++) {
      assert.equal(await table.use(asOwn, async ({ from }) => from), '`d`.`spans`');
    }
    assert.equal(own, 1, `code ${code}`);
  }
});

test('other failures are passed on, and the next statement is tried again', async () => {
  const table = new OwnTable('d', '`d`.`spans`', async () => true);
  const asAny = async () => 'any';
  for (const [code, retryable] of [
    [60, false],
    [81, false],
    [159, true],
    [0, true],
  ] as const) {
    await assert.rejects(
      table.use(async () => failing(code, retryable)(), asAny),
      { code },
    );
  }
  assert.match(await table.use(async ({ from }) => from, asAny), /^mergeTreeProjection\('d'/);
});

test('a statement that fails either way changes nothing', async () => {
  const table = new OwnTable('d', '`d`.`spans`', async () => true);
  const fail = async () => failing(307)();
  await assert.rejects(table.use(fail, fail), { code: 307 });
  const any = await table.use(
    async () => false,
    async () => true,
  );
  assert.equal(any, false);
});

test('a projection that not all spans have yet is not asked by its name', async () => {
  let complete = false;
  const table = new OwnTable('d', '`d`.`spans`', async () => complete);
  const which = () =>
    table.use(
      async () => 'own',
      async () => 'any',
    );
  assert.equal(await which(), 'any');
  complete = true;
  assert.equal(await which(), 'own');
});

test('whether all parts have it is asked now and then; a server that does not say has not', async () => {
  let now = 0;
  let asked = 0;
  let answer: () => number = () => 0;
  const client = {
    query: async () => {
      asked++;
      return new Uint8Array([answer()]);
    },
  };
  const complete = placesComplete(client as never, 'd', () => now);
  assert.deepEqual(await Promise.all([complete(), complete()]), [false, false]);
  assert.equal(asked, 1);
  answer = () => 1;
  now += 5_000;
  assert.equal(await complete(), true);
  now += 59_000;
  answer = failing(47);
  assert.equal(await complete(), true);
  now += 1_000;
  assert.equal(await complete(), false);
  assert.equal(asked, 3);
});
