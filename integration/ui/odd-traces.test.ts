/** Traces as they come from careless senders: shown honestly, never a blank page. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually, postOtlp } from '../lib/all-in-one.ts';
import { browserObstacle, type Driven, drive, type Tab } from '../lib/page.ts';
import { bigTrace, type HandSpan, traceId, traceRequest } from './spans.ts';

interface OddTrace {
  readonly spans: readonly HandSpan[];
  /** Rows from the top, by name, with their level. */
  readonly rows: readonly (readonly [level: number, name: RegExp])[];
  /** What the page says of the trace. */
  readonly said: readonly RegExp[];
}

const traces: Readonly<Record<string, OddTrace>> = {
  'parents in a circle': {
    spans: [
      { id: 1, parent: 3, name: 'a', start: 0 },
      { id: 2, parent: 1, name: 'b', start: 1 },
      { id: 3, parent: 2, name: 'c', start: 2 },
    ],
    rows: [
      [1, /a/],
      [2, /b/],
      [3, /c/],
    ],
    said: [/circle/],
  },
  'its own parent': {
    spans: [{ id: 1, parent: 1, name: 'ouroboros' }],
    rows: [[1, /ouroboros/]],
    said: [/circle/],
  },
  'no root': {
    spans: [
      { id: 1, parent: 77, name: 'left', start: 0 },
      { id: 2, parent: 77, name: 'right', start: 5 },
      { id: 3, parent: 78, name: 'alone', start: 9 },
    ],
    rows: [
      [1, /Parent not stored/],
      [2, /left/],
      [2, /right/],
      [1, /Parent not stored/],
      [2, /alone/],
    ],
    said: [/2 parents are not stored/],
  },
  'several roots': {
    spans: [
      { id: 1, name: 'first', start: 0 },
      { id: 2, name: 'second', start: 3 },
    ],
    rows: [
      [1, /first/],
      [1, /second/],
    ],
    said: [/2 spans have no parent/],
  },
  'clocks apart': {
    spans: [
      { id: 1, name: 'caller', start: 0, duration: 20, kind: 3, service: 'here' },
      { id: 2, parent: 1, name: 'callee', start: -4000, duration: 10, kind: 2, service: 'there' },
    ],
    rows: [
      [1, /caller/],
      [2, /callee/],
    ],
    said: [/before the parent: clocks are apart/],
  },
  'no duration, and less': {
    spans: [
      { id: 1, name: 'whole', duration: 10 },
      { id: 2, parent: 1, name: 'nothing', duration: 0, start: 1 },
      { id: 3, parent: 1, name: 'backwards', duration: -5, start: 8 },
    ],
    rows: [
      [1, /whole/],
      [2, /nothing/],
      [2, /backwards/],
    ],
    said: [/1 span ends before/],
  },
  'only nothing': {
    spans: [{ id: 1, name: 'zero', duration: 0 }],
    rows: [[1, /zero/]],
    said: [],
  },
  'one id twice': {
    spans: [
      { id: 1, name: 'parent', duration: 10 },
      { id: 2, parent: 1, name: 'one', start: 1 },
      { id: 2, parent: 1, name: 'other', start: 2 },
    ],
    rows: [
      [1, /parent/],
      [2, /one/],
      [2, /other/],
    ],
    said: [/share an id/],
  },
  'half a day between': {
    spans: [
      { id: 1, name: 'early', duration: 10 },
      { id: 2, parent: 1, name: 'late', start: 43_200_000, duration: 10 },
    ],
    rows: [
      [1, /early/],
      [2, /late/],
    ],
    said: [],
  },
};

async function store({ program }: Driven, id: string, spans: readonly HandSpan[]): Promise<void> {
  const before = Number(await stored(program, id));
  const request = traceRequest(id, Date.now() - 100_000_000, spans);
  assert.equal(await postOtlp(program.otlpHttp, '/v1/traces', request), 200);
  const wanted = String(before + spans.length);
  await eventually(`${spans.length} spans of ${id} are stored`, async () => {
    return (await stored(program, id)) === wanted;
  });
}

const stored = (program: Driven['program'], id: string): Promise<string> =>
  program.scalar(`SELECT count() FROM wirestitch.spans WHERE trace_id = unhex('${id}')`);

const rowsOf = (page: Page) => page.getByRole('treegrid', { name: 'Spans' }).getByRole('row');

async function openTrace(tab: Tab, id: string): Promise<void> {
  await tab.goto(`/trace/${id}`);
  await rowsOf(tab.page).first().waitFor();
}

async function checkOdd(t: TestContext, tab: Tab, odd: OddTrace): Promise<void> {
  const { page } = tab;
  await rowsOf(page)
    .nth(odd.rows.length - 1)
    .waitFor();
  assert.equal(await rowsOf(page).count(), odd.rows.length);
  for (const [i, [level, name]] of odd.rows.entries()) {
    const row = rowsOf(page).nth(i);
    assert.match((await row.textContent()) ?? '', name);
    assert.equal(await row.getAttribute('aria-level'), String(level), `level of row ${i}`);
  }
  const text = (await page.locator('main').textContent()) ?? '';
  for (const said of odd.said) assert.match(text, said);
  for (const view of ['spans', 'operations', 'json']) {
    const url = new URL(page.url());
    await tab.goto(`${url.pathname}?view=${view}`);
    for (const { name = '' } of odd.spans) await page.getByText(name).first().waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  }
  t.diagnostic('shown as waterfall, spans, operations and JSON');
}

test('odd traces are shown, and said to be odd', { timeout: 400_000 }, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const driven = await drive(t);
  const { tab, program } = driven;
  const list = Object.entries(traces);
  for (const [n, [, { spans }]] of list.entries()) await store(driven, traceId(100 + n), spans);
  for (const [n, [name, odd]] of list.entries()) {
    await t.test(name, async (inner) => {
      await openTrace(tab, traceId(100 + n));
      await checkOdd(inner, tab, odd);
      tab.assertClean();
    });
  }
  await t.test('a trace that grows says so', async () => {
    const id = traceId(500);
    const now = Date.now();
    const send = (spans: readonly HandSpan[]) =>
      postOtlp(program.otlpHttp, '/v1/traces', traceRequest(id, now, spans));
    await send([{ id: 1, name: 'first part', duration: 50 }]);
    await eventually('the first part is stored', async () => (await stored(program, id)) === '1');
    await openTrace(tab, id);
    assert.equal(await rowsOf(tab.page).count(), 1);
    await send([
      { id: 2, parent: 1, name: 'came later', start: 5, duration: 60 },
      { id: 3, parent: 1, name: 'came last', start: 8, duration: 60 },
    ]);
    await tab.page.getByText('2 new spans have come').waitFor({ timeout: 30_000 });
    await tab.page.getByRole('button', { name: 'Reload' }).click();
    await rowsOf(tab.page).filter({ hasText: 'came last' }).waitFor();
    assert.equal(await rowsOf(tab.page).count(), 3);
    tab.assertClean();
  });
  await t.test('a trace of 10,000 spans opens, goes to its end and folds', async () => {
    const id = traceId(501);
    await store(driven, id, bigTrace(10_000));
    await openTrace(tab, id);
    const grid = tab.page.getByRole('treegrid', { name: 'Spans' });
    assert.equal(await grid.getAttribute('aria-rowcount'), '10000');
    assert.ok((await rowsOf(tab.page).count()) < 200, 'only what is seen is in the DOM');
    await grid.focus();
    await tab.page.keyboard.press('End');
    await tab.page.locator('[role="row"][aria-rowindex="10000"]').waitFor();
    await tab.page.keyboard.press('Home');
    await tab.page.locator('[role="row"][aria-rowindex="1"]').waitFor();
    await tab.page.keyboard.press('ArrowLeft');
    await tab.page.locator('[role="treegrid"][aria-rowcount="1"]').waitFor();
    tab.assertClean();
  });
  await t.test('an id that is not there, and what is no id', async () => {
    await tab.goto(`/trace/${'9'.repeat(32)}`);
    const alert = tab.page.getByRole('alert');
    await alert.getByText('Not found').waitFor();
    assert.match((await alert.textContent()) ?? '', /999 is stored|"9+" is stored/);
    tab.expectFault(/status of 404/);
    await tab.goto('/trace/%3Cb%3Ebold');
    await tab.page.getByText('<b>bold').first().waitFor();
    tab.expectFault(/status of 40[04]/);
    tab.assertClean();
  });
});
