/** The page with the traces of the zero-code demo: nothing in them comes from an SDK. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { assertAccessible, type Tab } from '../lib/page.ts';

const range = 'from=now-15m';

async function opensAWholeTrace(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}&service=nginx&limit=20`);
  const found = page.getByTestId('found-trace');
  await found.first().waitFor();
  const whole = found.filter({ hasText: 'GET /buy' }).filter({ hasText: /4\d spans/ });
  await whole.first().click();
  const rows = page.getByRole('treegrid', { name: 'Spans' }).getByRole('row');
  await rows.nth(5).waitFor();
  for (const fact of ['Stitched of', 'Services']) await page.getByText(fact).first().waitFor();
  const seen = page.getByLabel('Who saw the spans');
  for (const source of ['system call', 'network']) await seen.getByText(source).waitFor();
  const services = page.getByLabel('Services by share of self time');
  for (const name of ['nginx', 'shop', 'stock', 'mariadbd', 'redis-server', 'dnsmasq']) {
    await services.getByText(name, { exact: true }).waitFor();
  }
  assert.match((await rows.nth(1).textContent()) ?? '', /by tcp_sequence.*seen by system call/s);
}

async function saysWhy(tab: Tab): Promise<void> {
  const { page } = tab;
  const grid = page.getByRole('treegrid', { name: 'Spans' });
  await grid.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const stitching = page.getByTestId('span-details').getByLabel('Stitching', { exact: true });
  await stitching.getByText('tcp_sequence').first().waitFor();
  const why = (await stitching.textContent()) ?? '';
  assert.match(why, /Seen by system call at server_process/);
  assert.match(why, /equal TCP sequence numbers.*request sequence \d+/s);
}

/** Requests with their figures, and what the packets say of the connections. */
async function showsTheMap(page: Page, tab: Tab): Promise<void> {
  await tab.goto(`/services?${range}`);
  const node = page.getByTestId('service-node');
  for (const name of ['nginx', 'shop', 'stock', 'mariadbd', 'redis-server', 'Price']) {
    await node.filter({ hasText: name }).first().waitFor();
  }
  await node.filter({ hasText: 'stock' }).click();
  const about = page.getByRole('complementary', { name: 'About stock' });
  await about.getByRole('button', { name: /mariadbd/ }).click();
  const edge = page.getByRole('complementary', { name: /Calls of stock to mariadbd/ });
  await edge.getByText('Round trip').waitFor();
  const text = (await edge.textContent()) ?? '';
  assert.match(text, /Round trip[\d.]+ (µs|ms)/);
  assert.match(text, /Sent again\d+ %/);
}

/** Looks at the page of a running demo whose clicks are stored. */
export async function checkCaptured(tab: Tab): Promise<void> {
  const { page } = tab;
  await opensAWholeTrace(tab);
  await saysWhy(tab);
  await assertAccessible(tab, 'a stitched trace');
  await showsTheMap(page, tab);
  await tab.goto('/pipelines');
  for (const id of ['ebpf', 'packet', 'clickhouse']) {
    await page.getByTestId('pipeline-node').filter({ hasText: id }).first().waitFor();
  }
  tab.assertClean();
}
