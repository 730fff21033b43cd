/** Names that somebody hostile chose are text: nothing of them runs, nothing of them hides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, postOtlp } from '../lib/all-in-one.ts';
import { browserObstacle, drive, type Tab } from '../lib/page.ts';
import { type HandSpan, hostileNames, traceId, traceRequest } from './spans.ts';

/** What of a name is to be read on the page. */
const shownAs: Readonly<Record<string, string>> = {
  ...hostileNames,
  control: 'nul␀ bell␇ escape␛[31mred line␊break tab␉ del␡',
  override: 'invoice<U+202E>gpj.exe',
  isolate: '<U+2067>abc<U+2066>def',
  emoji: '🇩🇪',
  long: `long ${'x'.repeat(200)}`,
};
const kinds = Object.keys(hostileNames);
const id = traceId(1);

/** A span for each name, which is also its service, an attribute and its value, an event ... */
const spans: readonly HandSpan[] = [
  { id: 1, name: 'front', service: 'front', duration: 100 },
  ...kinds.map((kind, i): HandSpan => {
    const name = hostileNames[kind] ?? '';
    return {
      ...{ id: i + 2, parent: 1, name, service: name, kind: 2, start: i, duration: 5 },
      attributes: { 'hostile.kind': kind, [name]: 'value', value: name },
      events: [{ name, at: i + 1 }],
      error: name,
    };
  }),
];

/** Nothing was injected, ran or would run when it is pressed. */
async function assertHarmless(tab: Tab): Promise<void> {
  const found = await tab.page.evaluate(`(() => {
    const bad = [];
    if (window.injected !== undefined) bad.push('a script ran');
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) bad.push(element.tagName + ' has ' + name);
        if (/^(href|src|action|xlink:href)$/i.test(name) && /^\\s*javascript:/i.test(value)) {
          bad.push(element.tagName + ' leads to ' + value);
        }
      }
      const embeds = /^(IFRAME|OBJECT|EMBED|BASE)$/.test(element.tagName);
      if (embeds && element.parentNode !== document.head) {
        bad.push(element.tagName);
      }
      if (element.tagName === 'IMG' && !element.src.endsWith('/icon.svg')) bad.push('IMG');
      if (element.tagName === 'SCRIPT' && element.textContent !== '') bad.push('SCRIPT');
    }
    return bad;
  })()`);
  assert.deepEqual(found, []);
}

async function textOf(tab: Tab): Promise<string> {
  return (await tab.page.locator('main').textContent()) ?? '';
}

/** Neither a character that hides something nor one that turns the direction is on the page. */
function assertVisible(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/.exec(text);
  assert.equal(hidden, null, `U+${hidden?.[0].charCodeAt(0).toString(16)} is on the page`);
}

async function assertShown(tab: Tab, names: readonly string[]): Promise<void> {
  const text = await textOf(tab);
  assertVisible(text);
  for (const kind of names) {
    const wanted = shownAs[kind] ?? '';
    assert.ok(text.includes(wanted), `${kind} is not shown: ${JSON.stringify(wanted)}`);
  }
  const wide = await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.ok(Number(wide) <= 0, `the page is ${wide} px wider than its window`);
  await assertHarmless(tab);
}

test('hostile names on every screen', { timeout: 400_000 }, async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const { tab, program } = await drive(t);
  const { page } = tab;
  const request = traceRequest(id, Date.now() - 30_000, spans);
  assert.equal(await postOtlp(program.otlpHttp, '/v1/traces', request), 200);
  await eventually('all spans are stored', async () => {
    const sql = `SELECT count() FROM wirestitch.spans WHERE trace_id = unhex('${id}')`;
    return (await program.scalar(sql)) === String(spans.length);
  });

  await t.test('trace', async () => {
    await tab.goto(`/trace/${id}`);
    const rows = page.getByRole('treegrid', { name: 'Spans' }).getByRole('row');
    await rows.nth(spans.length - 1).waitFor();
    await assertShown(tab, kinds);
    for (const view of ['spans', 'operations', 'json']) {
      await tab.goto(`/trace/${id}?view=${view}`);
      await page.waitForLoadState('networkidle');
      await assertHarmless(tab);
      await assertShown(tab, view === 'json' ? ['emoji', 'hebrew', 'wide'] : kinds);
    }
    tab.assertClean();
  });

  await t.test('details of each span', async () => {
    for (const kind of kinds) {
      const i = kinds.indexOf(kind);
      await tab.goto(`/trace/${id}?span=ab${(i + 2).toString(16).padStart(14, '0')}`);
      await page.getByText('hostile.kind').first().waitFor();
      await assertShown(tab, [kind]);
    }
    tab.assertClean();
  });

  await t.test(
    'search: services, operations and values to choose from, and what was found',
    async () => {
      for (const kind of kinds.filter((one) => one !== 'empty')) {
        const name = hostileNames[kind] ?? '';
        const query = new URLSearchParams({ service: name, from: 'now-15m' });
        await tab.goto(`/traces?${query}`);
        await page.waitForLoadState('networkidle');
        if (name.length > 1000) await page.getByRole('alert').waitFor();
        else await page.getByRole('link', { name: /front/ }).first().waitFor();
        await assertHarmless(tab);
        assertVisible(await textOf(tab));
        if (name.length > 1000) tab.expectFault(/status of 400/);
      }
      tab.assertClean();
    },
  );

  await t.test('services', async () => {
    await tab.goto('/services?view=list&from=now-15m');
    await page.getByRole('row').nth(2).waitFor();
    await assertShown(tab, ['image', 'script', 'override', 'control', 'emoji', 'proto']);
    await tab.goto('/services?from=now-15m');
    await page.waitForLoadState('networkidle');
    await assertShown(tab, ['image', 'script', 'override', 'control', 'proto']);
    tab.assertClean();
  });
});
