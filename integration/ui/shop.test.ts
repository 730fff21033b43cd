/** The page with the data of `npm run demo`: searched, opened, walked through, by mouse and by keys. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { eventually, postOtlp } from '../lib/all-in-one.ts';
import { output } from '../lib/follow.ts';
import {
  assertAccessible,
  browserObstacle,
  type Driven,
  drive,
  root,
  stepsOf,
  type Tab,
} from '../lib/page.ts';
import { spanId, traceId, traceRequest } from './spans.ts';

const range = 'from=now-15m';
const linked = traceId(42);

/** Runs the demo. @returns ids of a trace of the shop and of one that was captured */
async function demo({ program }: Driven): Promise<readonly [shop: string, captured: string]> {
  process.env.JAEGER_URL = program.jaeger;
  process.env.PAGE_URL = program.page;
  process.env.OTLP_ENDPOINT = `http://${program.otlpGrpc}`;
  process.env.DEMO_SECONDS = '2';
  const text = await output(process.execPath, [join(root, 'scripts/demo/demo.ts')]);
  const [shop = '', captured = ''] = [...text.matchAll(/\S+\/trace\/([0-9a-f]{32})$/gm)].map(
    ([url, id]) => {
      assert.ok(url.startsWith(program.page), `the demo names ${url}`);
      return id ?? '';
    },
  );
  return [shop, captured];
}

const found = (page: Page): Locator => page.getByTestId('found-trace');
const grid = (page: Page): Locator => page.getByRole('treegrid', { name: 'Spans' });
const rows = (page: Page): Locator => grid(page).getByRole('row');
const rowCount = async (page: Page): Promise<number> =>
  Number(await grid(page).getAttribute('aria-rowcount'));

/** Waits until the tree has so many rows: what is asked for comes in windows. */
const hasRows = (page: Page, count: number): Promise<void> =>
  page.locator(`[role="treegrid"][aria-rowcount="${count}"]`).waitFor();

async function searched(page: Page): Promise<void> {
  await page.locator('[role="status"][aria-busy="false"] strong').waitFor();
}

const param = (page: Page, name: string): string =>
  new URL(page.url()).searchParams.get(name) ?? '';

async function search(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}`);
  await found(page).first().waitFor();
  const all = await found(page).count();
  await page.getByRole('combobox', { name: 'Service', exact: true }).fill('pay');
  await page.getByRole('option', { name: 'payment' }).click();
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByRole('combobox', { name: 'Tag 1: key' }).fill('status_code');
  await page.getByRole('option', { name: /^http\.response\.status_code/ }).click();
  await page.getByLabel('Tag 1: operator').selectOption('>=');
  await page.getByRole('combobox', { name: 'Tag 1: value' }).fill('500');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.waitForURL(/service=payment/);
  await searched(page);
  await eventually('fewer traces', async () => (await found(page).count()) < all);
  assert.equal(param(page, 'filter'), 'http.response.status_code >= 500');
  assert.ok((await found(page).count()) > 0, 'some payments failed');
  for (const trace of await found(page).all()) {
    assert.match((await trace.textContent()) ?? '', /frontend.*[1-9]\d* errors?/s);
  }
  // The address is the search: somebody else sees the same, and the step back undoes it.
  const count = await found(page).count();
  await page.reload();
  await found(page).first().waitFor();
  assert.equal(await found(page).count(), count);
  await page.goBack();
  await eventually('all traces again', async () => (await found(page).count()) === all);
  assert.equal(param(page, 'service'), '');
}

async function searchForOthers(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}&limit=5`);
  await page.getByText(/These are the newest/).waitFor();
  assert.equal(await found(page).count(), 5);
  await page.getByRole('button', { name: /^show \d+/ }).click();
  await eventually('more traces', async () => (await found(page).count()) > 5);
  await tab.goto(`/traces?${range}&operation=there+is+none`);
  await page.getByRole('heading', { name: 'No trace matches' }).waitFor();
  await page.getByRole('button', { name: 'Without conditions' }).click();
  await found(page).first().waitFor();
  await page.getByLabel('Min duration').fill('soon');
  await page.getByText(/Such as 100ms/).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Search', exact: true }).isDisabled(), true);
}

async function openAndFold(tab: Tab, shop: string): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}&service=payment&status=error`);
  await found(page).first().click();
  await page.waitForURL(/\/trace\/[0-9a-f]{32}/);
  await tab.goto(`/trace/${shop}`);
  await rows(page).first().waitFor();
  const all = await rowCount(page);
  assert.ok(all >= 5, `${all} rows`);
  assert.match((await rows(page).first().textContent()) ?? '', /frontend/);
  await page.getByRole('button', { name: 'Shut all rows' }).click();
  await hasRows(page, 1);
  await page.getByRole('button', { name: 'Open all rows' }).click();
  await hasRows(page, all);
  await page.getByLabel(/Find in the trace/).fill('catalog');
  await eventually('matches are counted', async () =>
    /^\d+ found|\d+ of \d+/.test((await page.getByTestId('matches').textContent()) ?? ''),
  );
  await page.getByRole('button', { name: 'Next match' }).click();
  await page.getByText(/^1 of \d+$/).waitFor();
  await page.getByRole('button', { name: 'Only matches' }).click();
  await eventually('only matches are shown', async () => (await rowCount(page)) < all);
  await page.getByRole('button', { name: 'Look for nothing' }).click();
  await hasRows(page, all);
}

async function detailsAndBack(tab: Tab, shop: string): Promise<void> {
  const { page } = tab;
  await tab.goto(`/trace/${shop}`);
  await rows(page).first().waitFor();
  await grid(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const details = page.getByTestId('span-details');
  await details.getByText('http.request.method').waitFor();
  assert.match(page.url(), /span=[0-9a-f]{16}/);
  assert.match((await details.textContent()) ?? '', /frontend/);
  const value = details.getByRole('link', {
    name: /traces with this value of http.request.method/,
  });
  await value.click();
  await page.waitForURL(/\/traces\?/);
  assert.equal(param(page, 'filter'), 'http.request.method = GET');
  await found(page).first().waitFor();
  await page.goBack();
  await details.getByText('http.request.method').waitFor();
}

async function otherViews({ tab, program }: Driven, shop: string): Promise<void> {
  const { page } = tab;
  await tab.goto(`/trace/${shop}`);
  await rows(page).first().waitFor();
  const all = await rowCount(page);
  await page.getByRole('button', { name: 'Spans', exact: true }).click();
  await page.getByRole('grid', { name: 'Spans' }).getByText('payment').first().waitFor();
  await page.getByRole('button', { name: 'Operations', exact: true }).click();
  await page.getByRole('table').getByText('payment').first().waitFor();
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const json = page.getByLabel('JSON', { exact: true });
  await json.getByText('resourceSpans').waitFor();
  const otlp = JSON.parse((await json.textContent()) ?? '') as { resourceSpans: unknown[] };
  assert.equal(otlp.resourceSpans.length, 4);
  await page.getByRole('button', { name: 'Waterfall', exact: true }).click();
  await page.getByRole('button', { name: 'Copy SQL' }).click();
  await page.getByText('Copied').waitFor();
  const sql = String(await page.evaluate('navigator.clipboard.readText()'));
  assert.equal(await program.scalar(`SELECT count() FROM (${sql.replace(/;\s*$/, '')})`), `${all}`);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download JSON' }).click();
  assert.match((await download).suggestedFilename(), /\.json$/);
}

async function followLink({ tab, program }: Driven, shop: string): Promise<void> {
  const { page } = tab;
  const spans = [{ id: 1, name: 'batch', links: [{ traceId: shop, spanId: spanId(7) }] }];
  await postOtlp(program.otlpHttp, '/v1/traces', traceRequest(linked, Date.now() - 5000, spans));
  await eventually('the trace with a link is stored', async () => {
    const sql = `SELECT count() FROM wirestitch.spans WHERE trace_id = unhex('${linked}')`;
    return (await program.scalar(sql)) === '1';
  });
  await tab.goto(`/trace/${linked}?span=${spanId(1)}`);
  await page
    .getByTestId('span-details')
    .getByRole('link', { name: `trace ${shop}` })
    .click();
  await page.waitForURL(new RegExp(`/trace/${shop}`));
  await rows(page).filter({ hasText: 'payment' }).first().waitFor();
}

async function services(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/services?${range}`);
  const node = page.getByTestId('service-node');
  await node.filter({ hasText: 'payment' }).waitFor();
  await page.getByTestId('service-edge').first().waitFor();
  for (const name of ['frontend', 'cart', 'catalog', 'payment']) {
    assert.equal(await node.filter({ hasText: name }).count(), 1, name);
  }
  await node.filter({ hasText: 'cart' }).click();
  const panel = page.getByRole('complementary', { name: 'About cart' });
  await panel.getByText('Called by').waitFor();
  assert.equal(param(page, 'focus'), 'service:cart');
  await panel.getByRole('button', { name: /payment/ }).click();
  const edge = page.getByRole('complementary', { name: /Calls of cart to payment/ });
  await edge.getByRole('link', { name: /Only with errors/ }).click();
  await page.waitForURL(/\/traces\?.*status=error/);
  await found(page).first().waitFor();

  await tab.goto(`/services?view=list&${range}`);
  const row = page.getByTestId('service-row');
  await row.filter({ hasText: 'payment' }).waitFor();
  await page.getByRole('button', { name: 'Errors' }).click();
  await page.locator('th[aria-sort="descending"]', { hasText: 'Errors' }).waitFor();
  assert.match((await row.first().textContent()) ?? '', /payment|cart|dns/);
  await row.filter({ hasText: 'payment' }).getByRole('button').first().click();
  await page.getByText(/Spans of kind server/).waitFor();
  await row.filter({ hasText: 'payment' }).getByRole('link', { name: 'Traces of payment' }).click();
  await found(page).first().waitFor();
}

/** From the address to a span and back without a mouse. */
async function keysOnly(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}`);
  await found(page).first().waitFor();
  const focused = (): Promise<string> =>
    page.evaluate(`(() => {
      const { activeElement: at } = document;
      const label = at.labels?.[0]?.textContent ?? at.getAttribute('aria-label');
      return at.dataset.testid ?? label ?? at.textContent;
    })()`) as Promise<string>;
  const tabTo = async (what: RegExp): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if (what.test(await focused())) return;
    }
    assert.fail(`${what} is not reached by 60 presses of Tab`);
  };
  await page.keyboard.press('Tab');
  assert.match(await focused(), /Skip to content/);
  await tabTo(/^service$/);
  await page.keyboard.type('payment');
  await page.getByRole('option', { name: 'payment' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('Chosen services').getByText('payment').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/service=payment/);
  await searched(page);
  await tabTo(/^found-trace$/);
  await page.keyboard.press('Enter');
  await rows(page).first().waitFor();
  const all = await rowCount(page);
  await tabTo(/^waterfall$/);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await hasRows(page, 1);
  await page.keyboard.press('ArrowRight');
  await hasRows(page, all);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByTestId('span-details').getByRole('heading').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('span-details').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goBack();
  await found(page).first().waitFor();
}

async function accessible(tab: Tab, shop: string): Promise<void> {
  const { page } = tab;
  const states: readonly (readonly [name: string, path: string, shown: string])[] = [
    ['traces', `/traces?${range}`, '[data-testid="found-trace"]'],
    ['traces, none', `/traces?${range}&operation=none`, 'h2'],
    ['traces, a tag', `/traces?${range}&filter=http.route+%3D+x`, 'fieldset [role="combobox"]'],
    ['trace', `/trace/${shop}`, '[role="treegrid"] [role="row"]'],
    ['trace, spans', `/trace/${shop}?view=spans`, '[role="grid"] [role="gridcell"]'],
    ['trace, operations', `/trace/${shop}?view=operations`, 'tbody tr'],
    ['trace, JSON', `/trace/${shop}?view=json`, 'pre'],
    ['services', `/services?${range}`, '[data-testid="service-node"]'],
    ['services, focus', `/services?${range}&focus=service:cart`, 'aside dl'],
    ['services, list', `/services?${range}&view=list&open=service:cart`, 'tbody tr'],
  ];
  for (const [name, path, shown] of states) {
    await tab.goto(path);
    await page.locator(shown).first().waitFor();
    await assertAccessible(tab, name);
  }
  await tab.goto(`/trace/${shop}`);
  await rows(page).nth(1).waitFor();
  await grid(page).focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('span-details').getByRole('heading').first().waitFor();
  await assertAccessible(tab, 'trace, details');
}

test('the shop of the demo on every screen', { timeout: 400_000 }, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const driven = await drive(t);
  const { tab } = driven;
  const [shop, captured] = await demo(driven);
  const step = stepsOf(t, tab);
  await step('search with completion, by address and back', () => search(tab));
  await step('what is cut off, what is not there, what is wrong', () => searchForOthers(tab));
  await step('a trace: open, fold, find', () => openAndFold(tab, shop));
  await step('details, a search for a value, back', () => detailsAndBack(tab, shop));
  await step('spans, operations, JSON, SQL', () => otherViews(driven, shop));
  await step('a link to another trace', () => followLink(driven, shop));
  await step('what was captured says by whom', async () => {
    await tab.goto(`/trace/${captured}`);
    await rows(tab.page).first().waitFor();
    await tab.page
      .getByLabel('Who saw the spans')
      .getByText(/network/)
      .waitFor();
  });
  await step('services: map and list', () => services(tab));
  await step('keys only', () => keysOnly(tab));
  await step('accessible in both themes and widths', () => accessible(tab, shop));
});
