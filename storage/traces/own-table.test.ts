import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SqlError } from '../sql.ts';
import { OwnTable } from './own-table.ts';

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
    const table = new OwnTable('d', '`d`.`spans`');
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
  const table = new OwnTable('d', '`d`.`spans`');
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
  const table = new OwnTable('d', '`d`.`spans`');
  const fail = async () => failing(307)();
  await assert.rejects(table.use(fail, fail), { code: 307 });
  const any = await table.use(
    async () => false,
    async () => true,
  );
  assert.equal(any, false);
});
