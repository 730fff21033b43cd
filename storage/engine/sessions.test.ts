import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool, Session } from './sessions.ts';

const environment = (settings: Record<string, string>, database = 'default') => ({
  database,
  settings: new Map(Object.entries(settings)),
  parameters: new Map<string, string>(),
});

/** Sessions of an engine that runs nothing more once `refuse` is set in one. */
function engine() {
  const log: string[] = [];
  let opened = 0;
  const open = () => {
    const name = ++opened;
    let stuck = false;
    return {
      async queryAsync(sql: string) {
        if (stuck || /bad/.test(sql)) throw new Error('Code: 745. DB::Exception: no');
        if (/refuse = /.test(sql)) stuck = true;
        log.push(`${name} ${sql}`);
        return { bytes: () => new Uint8Array(), elapsed: 0, rowsRead: 0 };
      },
      close: () => void log.push(`${name} closed`),
    };
  };
  return { log, open };
}

test('a session whose settings cannot be undone is replaced', async () => {
  const { log, open } = engine();
  const session = new Session(open, {}, '');
  await session.prepare(environment({ refuse: '1' }, 'other'));
  await session.prepare(environment({ mild: '2' }));
  await session.run('SELECT 1', 'TSV');
  await session.prepare(environment({}));
  assert.deepEqual(log, [
    '1 USE `other`',
    "1 SET refuse = '1'",
    '1 closed',
    "2 SET mild = '2'",
    '2 SELECT 1',
    '2 SET mild = DEFAULT',
  ]);
});

test('a value that the engine refuses is the fault of its statement alone', async () => {
  const { log, open } = engine();
  const session = new Session(open, {}, '');
  await assert.rejects(session.prepare(environment({ a: 'bad' })), { code: 745 });
  await session.prepare(environment({}));
  assert.deepEqual(log, ['1 SET a = DEFAULT']);
});

test("the last session is the gateway's own, and its statements wait for any", async () => {
  const { open } = engine();
  const pool = new Pool([new Session(open, {}, 'p'), new Session(open, {}, 'q')], 1, 1);
  const order: string[] = [];
  const gates = new Map<string, () => void>();
  const enter = (own: boolean, name: string) =>
    pool.use(own, () => {
      order.push(name);
      return new Promise<void>((resolve) => gates.set(name, resolve));
    });
  const turn = () => new Promise(setImmediate);
  const all = [enter(false, 'client 1'), enter(false, 'client 2'), enter(true, 'own 1')];
  await turn();
  assert.deepEqual(order, ['client 1', 'own 1']);
  await assert.rejects(enter(false, 'client 3'), { code: 202 });
  all.push(enter(true, 'own 2'));
  gates.get('own 1')!();
  await turn();
  assert.deepEqual(order, ['client 1', 'own 1', 'own 2']);
  gates.get('client 1')!();
  await turn();
  assert.deepEqual(order, ['client 1', 'own 1', 'own 2', 'client 2']);
  for (const name of ['own 2', 'client 2']) gates.get(name)!();
  await Promise.all(all);
});
