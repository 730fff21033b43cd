/** The running pipelines: what passes, what is lost and why, and texts that are checked. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { freePorts } from '../../testing/ports.ts';
import { eventually, postOtlp } from '../lib/all-in-one.ts';
import { assertAccessible, browserObstacle, driveAt, stepsOf, type Tab } from '../lib/page.ts';
import { Program, scratch } from '../lib/program.ts';
import { type HandSpan, traceId, traceRequest } from './spans.ts';

interface Running {
  readonly program: Program;
  readonly page: string;
  readonly otlp: string;
}

/** One exporter takes everything, another has nobody to send to and a queue of one. */
async function start(t: TestContext): Promise<Running> {
  const folder = scratch();
  t.after(() => folder.remove());
  const [otlp, ui, closed] = await freePorts(3);
  const config = `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
processors:
  attributes: {actions: [{key: stage, value: test, action: insert}]}
connectors:
  count:
exporters:
  debug:
  otlp_http/broken:
    endpoint: "http://127.0.0.1:${closed}"
    headers: {authorization: "Bearer s3cret-token"}
    retry_on_failure: {enabled: false}
    sending_queue: {queue_size: 2, num_consumers: 1}
extensions:
  ui: {endpoint: "127.0.0.1:${ui}"}
service:
  extensions: [ui]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [attributes], exporters: [debug, count]}
    traces/copy: {receivers: [otlp], exporters: [otlp_http/broken]}
    metrics: {receivers: [count], exporters: [debug]}
`;
  const program = await Program.startWith(config, folder.path);
  t.after(() => program.stop());
  return { program, page: `http://127.0.0.1:${ui}`, otlp: `http://127.0.0.1:${otlp}` };
}

/** Sends a batch each 100 ms until the test ends. */
function load(t: TestContext, { otlp }: Running): void {
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    const spans: HandSpan[] = [
      {
        id: 1,
        name: `order ${n}`,
        service: 'shop',
        attributes: { 'http.request.header.authorization': 'Bearer of-a-user', 'order.id': n },
      },
      { id: 2, parent: 1, name: '<b>bold</b>\u202e', service: 'shop' },
    ];
    const request = traceRequest(traceId(n), Date.now(), spans);
    postOtlp(otlp, '/v1/traces', request).catch(() => undefined);
  }, 100);
  t.after(() => clearInterval(timer));
}

const node = (page: Page, name: string): Locator =>
  page.locator(`[data-testid="pipeline-node"][data-node="${name}"]`);
const text = async (of: Locator): Promise<string> => (await of.textContent()) ?? '';
const broken = 'exporter/otlp_http/broken@traces';

async function seesTheBroken(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines');
  await page.getByTestId('pipeline-lane').nth(2).waitFor();
  await page.locator(`[data-node="${broken}"][data-health="bad"]`).waitFor();
  const alert = page.getByTestId('pipeline-alert').filter({ hasText: 'otlp_http/broken' });
  await alert.waitFor();
  assert.match(await text(alert), /ECONNREFUSED|refused|cannot connect/i);
  await eventually('its drops are counted', async () => /\d+ dropped/.test(await text(alert)));
  assert.match(await text(node(page, broken)), /exporter .*has a problem.*[1-9]\d* dropped/s);
  await alert.click();
  const panel = page.getByRole('complementary');
  await panel
    .getByText(/dropped: /)
    .first()
    .waitFor();
  const about = await text(panel);
  assert.match(about, /127\.0\.0\.1:\d+/);
  assert.match(about, /Configuration/);
  assert.match(about, /retry_on_failure/);
  assert.ok(!about.includes('s3cret-token'), 'the configuration shows a secret');
  const log = page.getByTestId('pipeline-log');
  await log
    .getByText(/Exporting failed/)
    .first()
    .waitFor();
  assert.equal(
    await page.locator('[data-health="bad"]').count(),
    1,
    'nothing else is in a bad way',
  );
}

async function seesNumbersMove(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines');
  const edge = page.locator('[data-testid="pipeline-edge"][data-to="processor/attributes@traces"]');
  await edge.waitFor();
  const items = async (): Promise<number> =>
    Number(/^(\d+) items/.exec((await edge.getAttribute('title')) ?? '')?.[1] ?? 0);
  const first = await items();
  await eventually('items pass', async () => (await items()) > first + 10);
  await eventually('the rate is shown', async () => /[1-9]\d*(\.\d+)?\/s/.test(await text(edge)));
}

async function tapsAnEdge(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines');
  const edge = page.locator(
    '[data-testid="pipeline-edge"][data-from="processor/attributes@traces"]',
  );
  await edge.first().click();
  const sample = page.getByTestId('tap-sample');
  await sample.first().waitFor();
  await sample
    .first()
    .getByText(/order \d+/)
    .first()
    .click();
  const shown = await text(sample.first());
  assert.match(shown, /stage/, 'what the processor added');
  assert.match(shown, /1 masked/);
  assert.ok(!shown.includes('of-a-user'), 'the tap shows a secret');
  assert.ok(shown.includes('<b>bold</b><U+202E>'), shown);
  assert.equal(await page.locator('main b', { hasText: 'bold' }).count(), 0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: /Go on \([1-9]\d* new\)/ }).waitFor();
  await page.getByLabel('Show only items with').fill('no item has this');
  await sample.first().waitFor({ state: 'detached' });
  await page.getByLabel('Show only items with').fill('');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText(/Stopped/).waitFor();
}

const typo = `receivers:
  otlp:
    protocols:
      http:
        endpont: localhost:4318
exporters:
  debug:
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug]
`;

async function checksTexts(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines?tab=check');
  const area = page.getByTestId('config-text');
  const verdict = page.getByTestId('config-verdict');
  await area.fill(typo);
  await verdict.getByText('There is one fault').waitFor();
  const fault = page.getByTestId('config-faults').getByRole('listitem');
  assert.match(await text(fault), /5:9.*endpont/s);
  await fault.getByRole('button').first().click();
  const word = await page.evaluate('window.getSelection().toString()');
  assert.equal(word, 'endpont');
  await fault.getByRole('button', { name: /Use .endpoint/ }).click();
  await verdict.getByText('The program takes this configuration').waitFor();
  await page.getByLabel('Graph of the text').getByText('debug').first().waitFor();
  assert.match(await area.inputValue(), /endpoint: localhost:4318/);
  await area.fill('receivers: [<img src=x onerror=alert(1)>');
  await verdict.getByText(/fault/).waitFor();
  assert.equal(await page.locator('main img').count(), 0);
  await page.getByRole('button', { name: 'Load the running configuration' }).click();
  await verdict.getByText('The program takes this configuration').waitFor();
  const own = await area.inputValue();
  assert.match(own, /otlp_http\/broken/);
  assert.ok(!own.includes('s3cret-token'), 'the running configuration shows a secret');
}

async function accessible(tab: Tab): Promise<void> {
  const { page } = tab;
  const states: readonly (readonly [name: string, path: string])[] = [
    ['pipelines', '/pipelines'],
    ['check, empty', '/pipelines?tab=check'],
  ];
  for (const [name, path] of states) {
    await tab.goto(path);
    await page.locator('[data-testid="pipeline-log"], [data-testid="config-text"]').waitFor();
    await assertAccessible(tab, name);
  }
  await page.getByTestId('config-text').fill(typo);
  await page.getByTestId('config-faults').waitFor();
  await assertAccessible(tab, 'check, a fault');
  await tab.goto('/pipelines');
  await node(page, broken).click();
  await page.getByRole('complementary').getByText('Configuration').waitFor();
  await assertAccessible(tab, 'pipelines, a node');
  await page.getByTestId('pipeline-edge').first().click();
  await page.getByTestId('tap-sample').first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await assertAccessible(tab, 'pipelines, a tap');
}

async function keysOnly(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines');
  await node(page, broken).waitFor();
  const focused = (): Promise<unknown> =>
    page.evaluate('document.activeElement.dataset.node ?? document.activeElement.tagName');
  for (let i = 0; i < 60 && (await focused()) !== broken; i++) await page.keyboard.press('Tab');
  assert.equal(await focused(), broken);
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByText('Configuration').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  assert.equal(await focused(), broken, 'the focus goes back');
}

test('the running pipelines', { timeout: 400_000 }, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const running = await start(t);
  load(t, running);
  const { tab } = await driveAt(t, running.page);
  const step = stepsOf(t, tab, () => assert.doesNotMatch(running.program.log, /BUG/));
  await step('an exporter that cannot send shows its error and its drops', seesTheBroken);
  await step('items that pass are counted', seesNumbersMove);
  await step('a tap shows what passes, with secrets masked', tapsAnEdge);
  await step('a typo is found at its line and column', checksTexts);
  await step('keys only', keysOnly);
  await step('accessible in both themes and widths', accessible);
});
