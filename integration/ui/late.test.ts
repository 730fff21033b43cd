/** What comes late, an answer or a letter typed, does not undo what the reader did since. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page, Route } from 'playwright-core';
import { eventually, postOtlp } from '../lib/all-in-one.ts';
import { browserObstacle, type Driven, drive, stepsOf, type Tab } from '../lib/page.ts';
import { bigTrace, type HandSpan, traceId, traceRequest } from './spans.ts';

const trace = traceId(1);
const path = `/trace/${trace}`;
const long = traceId(2);
/** One root with eight children. */
const rowsInAll = 9;

async function store({ program }: Driven): Promise<void> {
  const spans = Array.from({ length: rowsInAll }, (_, i) => ({
    id: i + 1,
    parent: i === 0 ? 0 : 1,
    name: i % 2 === 0 ? 'even' : 'odd',
    start: i,
  }));
  const traces: readonly (readonly [id: string, spans: readonly HandSpan[]])[] = [
    [trace, spans],
    [long, bigTrace(600)],
  ];
  for (const [id, list] of traces) {
    await postOtlp(program.otlpHttp, '/v1/traces', traceRequest(id, Date.now() - 5000, list));
    await eventually('the trace is stored', async () => {
      const sql = `SELECT count() FROM wirestitch.spans WHERE trace_id = unhex('${id}')`;
      return (await program.scalar(sql)) === `${list.length}`;
    });
  }
}

const grid = (page: Page): Locator => page.getByRole('treegrid', { name: 'Spans' });
const box = (page: Page): Locator => page.getByLabel(/Find in the trace/);
const matches = (page: Page): Locator => page.getByTestId('matches');
const button = (page: Page, name: string): Locator =>
  page.getByRole('button', { name, exact: true });
const hasRows = (page: Page, count: number): Promise<void> =>
  page.locator(`[role="treegrid"][aria-rowcount="${count}"]`).waitFor();

async function open(tab: Tab, query = ''): Promise<void> {
  await tab.page.unrouteAll();
  await tab.goto(`${path}${query}`);
  await hasRows(tab.page, rowsInAll);
}

/** Long enough for what the page does by itself: letters that rest, and what they ask for. */
async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((ok) => setTimeout(ok, 300))');
}

interface Held {
  /** Waits for a request that is held. */
  readonly come: () => Promise<void>;
  /** Lets all go that were held, and those that come. */
  readonly release: () => Promise<void>;
}

/** Holds back what is asked at an address where the body has a key. */
async function hold({ page }: Tab, address: string, key: string): Promise<Held> {
  const held: Route[] = [];
  const first = Promise.withResolvers<void>();
  const at = `**/api/v1/traces/*/${address}`;
  const handle = (route: Route): Promise<void> => {
    const asked = route.request().postDataJSON() as object;
    if (!(key in asked)) return route.continue();
    held.push(route);
    first.resolve();
    return Promise.resolve();
  };
  await page.route(at, handle);
  return {
    come: () => first.promise,
    release: async () => {
      await page.unroute(at, handle);
      // What the page has given up cannot go on.
      await Promise.all(held.map((route) => route.continue().catch(() => undefined)));
      await settled(page);
    },
  };
}

/** Types a letter and goes on in the same moment: no timer of the page comes in between. */
const typeThen = (page: Page, then: string, into = 'input[type="search"]'): Promise<unknown> =>
  page.evaluate(`(() => {
    const box = document.querySelector('${into}');
    const press = (key) =>
      box.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
    set.call(box, 'x');
    box.dispatchEvent(new Event('input', { bubbles: true }));
    ${then}
  })()`);

async function typedAndUndone(tab: Tab): Promise<void> {
  const { page } = tab;
  const nothing = async (): Promise<void> => {
    await settled(page);
    assert.equal(await box(page).inputValue(), '');
    assert.equal(new URL(page.url()).search, '');
  };
  await open(tab);
  await typeThen(page, `press('Escape');`);
  await nothing();
  await open(tab, '?critical=1');
  await typeThen(page, `document.querySelector('[aria-label="Look for nothing"]').click();`);
  await nothing();
}

async function givenUp(tab: Tab): Promise<void> {
  const { page } = tab;
  await open(tab);
  const held = await hold(tab, 'find', 'from');
  await box(page).fill('odd');
  await held.come();
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/find'));
  await box(page).press('Escape');
  await ended;
  await held.release();
}

async function nextMatch(tab: Tab): Promise<void> {
  const { page } = tab;
  await open(tab, '?find=odd');
  await matches(page).getByText('4 found').waitFor();
  const held = await hold(tab, 'find', 'from');
  await button(page, 'Next match').click();
  await held.come();
  await button(page, 'Look for nothing').click();
  await held.release();
  assert.equal(await grid(page).getAttribute('aria-activedescendant'), null);
}

async function openedMeanwhile(tab: Tab): Promise<void> {
  const { page } = tab;
  await open(tab, '?find=odd');
  await matches(page).getByText('4 found').waitFor();
  await button(page, 'Shut all rows').click();
  await hasRows(page, 1);
  const held = await hold(tab, 'rows', 'locate');
  await button(page, 'Next match').click();
  await held.come();
  await button(page, 'One level more').click();
  await hasRows(page, rowsInAll);
  await held.release();
  await hasRows(page, rowsInAll);
  // The match is found in the rows as they are now.
  await page.locator('[role="treegrid"][aria-activedescendant]').waitFor();
  await page.getByText('2 of 2 levels').waitFor();
}

async function seenWhenItCame(tab: Tab): Promise<void> {
  const { page } = tab;
  await page.unrouteAll();
  await tab.goto(`/trace/${long}?find=operation`);
  await matches(page).getByText('600 found').waitFor();
  await button(page, 'Shut all rows').click();
  await hasRows(page, 1);
  await button(page, 'Previous match').click();
  await matches(page).getByText('600 of 600').waitFor();
  // Only a row that is seen can be the active one.
  await page.locator('[role="treegrid"][aria-activedescendant]').waitFor();
}

async function offeredForOther(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/traces?from=now-15m');
  const service = page.getByRole('combobox', { name: 'Service', exact: true });
  await service.fill('hand');
  await page.locator('[role="option"][aria-selected="true"]').waitFor();
  await typeThen(page, `press('Enter');`, 'input[role="combobox"]');
  await settled(page);
  assert.equal(await page.getByLabel('Chosen services').getByText('hand').count(), 0);
}

test('late answers and letters', { timeout: 400_000 }, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const driven = await drive(t);
  await store(driven);
  const step = stepsOf(t, driven.tab);
  await step('letters typed and undone at once stay undone', typedAndUndone);
  await step('what is no longer looked for is no longer asked for', givenUp);
  await step('a next match that is no longer looked for is not gone to', nextMatch);
  await step('rows opened meanwhile stay open', openedMeanwhile);
  await step('a match below rows that were shut is scrolled to', seenWhenItCame);
  await step('Enter takes nothing that was offered for another text', offeredForOther);
});
