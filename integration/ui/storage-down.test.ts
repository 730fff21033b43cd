/** A store that is down, slow or overwhelmed: the page says what is wrong and what to do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../testing/ports.ts';
import { eventually, postOtlp, startAllInOne } from '../lib/all-in-one.ts';
import { assertAccessible, browserObstacle, driveAt, type Tab } from '../lib/page.ts';
import { Program, scratch } from '../lib/program.ts';
import { traceId, traceRequest } from './spans.ts';
import { StubClickHouse } from './stub-clickhouse.ts';

interface Illness {
  readonly mode: StubClickHouse['mode'];
  /** HTTP status of the page's answers. */
  readonly status: number;
  /** Heading and what to do. */
  readonly said: readonly RegExp[];
}

const illnesses: Readonly<Record<string, Illness>> = {
  'connections are cut': {
    mode: 'reset',
    status: 503,
    said: [/storage does not answer/i, /Is ClickHouse running/],
  },
  'no answer comes': {
    mode: 'hang',
    status: 503,
    said: [/storage does not answer/i, /no answer in time/, /Is ClickHouse running/],
  },
  'a query takes too long': {
    mode: { code: 159, text: 'Timeout exceeded: elapsed 2 seconds' },
    status: 504,
    said: [/took too long/i, /shorter time range/],
  },
  'a query takes too much memory': {
    mode: { code: 241, text: 'Memory limit (for query) exceeded' },
    status: 400,
    said: [/too much/i, /shorter time range/],
  },
  'a column is missing': {
    mode: { code: 47, text: 'Unknown identifier <img src=x onerror=alert(1)>' },
    status: 500,
    said: [/went wrong/i],
  },
};

const id = traceId(1);
/** Of a time range of its own each time: good answers are kept for a moment. */
const screens = (minutes: number): readonly string[] => [
  `/traces?from=now-${minutes}m`,
  `/trace/${id}`,
  `/services?from=now-${minutes}m`,
];

async function assertSaid(tab: Tab, { said, status }: Illness): Promise<void> {
  const alert = tab.page.getByRole('alert').first();
  await alert.waitFor().catch(async (error: unknown) => {
    const shown = await tab.page.locator('main').textContent();
    throw new Error(`${tab.page.url()} shows ${JSON.stringify(shown)}`, { cause: error });
  });
  const text = (await alert.textContent()) ?? '';
  for (const wanted of said) assert.match(text, wanted);
  assert.equal(await tab.page.getByRole('navigation', { name: 'Screens' }).isVisible(), true);
  assert.equal(await tab.page.locator('main img').count(), 0);
  tab.expectFault(new RegExp(`status of ${status}`));
}

test('storage that is ill is said to be ill, and looked at again when it is well', {
  timeout: 400_000,
}, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const folder = scratch();
  t.after(() => folder.remove());
  const store = await startAllInOne(folder.path);
  t.after(() => store.stop());
  const stub = await StubClickHouse.start(store.clickhouse);
  t.after(() => stub.stop());
  const request = traceRequest(id, Date.now() - 60_000, [{ id: 1, name: 'the one', kind: 2 }]);
  assert.equal(await postOtlp(store.otlpHttp, '/v1/traces', request), 200);
  await eventually('the span is stored', async () => {
    return (await store.scalar('SELECT count() FROM wirestitch.spans')) === '1';
  });
  const port = await freePort();
  const otlp = await freePort();
  const program = await Program.startWith(
    `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
exporters:
  nop:
extensions:
  ui:
    endpoint: "127.0.0.1:${port}"
    query_timeout: 5s
    storage: {endpoint: "${stub.endpoint}", username: default, password: ${store.password}}
service:
  extensions: [ui]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
`,
    folder.path,
  );
  t.after(() => program.stop());
  const { tab } = await driveAt(t, `http://127.0.0.1:${port}`);

  for (const [n, [name, illness]] of Object.entries(illnesses).entries()) {
    await t.test(name, async () => {
      for (const screen of screens(15 + n)) {
        stub.mode = illness.mode;
        await tab.goto(screen);
        await assertSaid(tab, illness);
      }
      stub.mode = 'pass';
      await tab.page.getByRole('button', { name: 'Try again' }).first().click();
      await tab.page.getByRole('alert').first().waitFor({ state: 'detached' });
      tab.assertClean();
      assert.doesNotMatch(program.log, /BUG/);
    });
  }

  await t.test('what is said is accessible', async () => {
    stub.mode = 'reset';
    await tab.goto('/traces?from=now-30m');
    await tab.page.getByRole('alert').first().waitFor();
    await assertAccessible(tab, 'storage down');
    stub.mode = 'pass';
    tab.expectFault(/status of 503/);
    tab.assertClean();
  });

  await t.test('a program that ends is missed', async () => {
    await tab.goto('/pipelines');
    await tab.page.getByTestId('pipeline-lane').first().waitFor();
    await program.stop();
    await tab.page
      .getByText(/does not answer|no answer/i)
      .first()
      .waitFor({ timeout: 40_000 });
    assert.notEqual(((await tab.page.locator('main').textContent()) ?? '').trim(), '');
    tab.expectFault(/ERR_CONNECTION_REFUSED|request failed/);
    tab.assertClean();
  });
});
