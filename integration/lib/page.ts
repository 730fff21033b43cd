/**
 * The page in a real browser: Chromium, driven by playwright-core. Whatever goes wrong in it
 * without being expected fails the test: errors on its console, scripts that throw, requests that
 * fail or leave the host, violations of its content security policy, dialogs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { freePort } from '../../testing/ports.ts';
import { type AllInOne, type AllInOneOptions, startAllInOne } from './all-in-one.ts';
import { scratch } from './program.ts';

const binaries = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser that tests drive, '' when none is installed. */
export function chromiumPath(): string {
  return binaries.find((path) => spawnSync(path, ['--version']).status === 0) ?? '';
}

/** Why the page cannot be driven here, '' when it can. */
export function browserObstacle(): string {
  return chromiumPath() === '' ? 'chromium is not installed' : '';
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Answers what the server's challenge asks for. */
  readonly user?: { readonly username: string; readonly password: string };
}

/** A browser, and what went wrong in the pages of its tabs. */
export class Chromium {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(flags: readonly string[] = []): Promise<Chromium> {
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
    const executablePath = chromiumPath();
    return new Chromium(await chromium.launch({ executablePath, args: [...args, ...flags] }));
  }

  get browser(): Browser {
    return this.#browser;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  /** @param base origin of the program; requests that go elsewhere are faults */
  async open(base: string, view: View = {}): Promise<Tab> {
    const { width = 1280, height = 800, colorScheme = 'light', user } = view;
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      acceptDownloads: true,
      ...(user === undefined ? {} : { httpCredentials: user }),
    });
    context.setDefaultTimeout(15_000);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    return new Tab(context, await context.newPage(), base);
  }
}

/** One page, watched. */
export class Tab {
  readonly page: Page;
  readonly base: string;
  readonly #context: BrowserContext;
  readonly #faults: string[] = [];
  readonly #hosts = new Set<string>();

  constructor(context: BrowserContext, page: Page, base: string) {
    this.#context = context;
    this.page = page;
    this.base = base;
    this.#watch();
  }

  /** Requests went to these hosts, `host:port`. */
  get hosts(): readonly string[] {
    return [...this.#hosts];
  }

  #watch(): void {
    const { page } = this;
    const fault = (text: string): void => {
      this.#faults.push(text);
    };
    page.on('console', (message) => {
      const type = message.type();
      if (type === 'error' || type === 'warning') {
        fault(`console ${type}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => fault(`thrown: ${error.stack ?? error.message}`));
    page.on('crash', () => fault('the tab crashed'));
    page.on('dialog', (dialog) => {
      fault(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol === 'data:' || protocol === 'blob:') return;
      this.#hosts.add(host);
      if (host !== new URL(this.base).host) fault(`request leaves the host: ${request.url()}`);
    });
    page.on('requestfailed', (request) => {
      // What is no longer wanted is aborted by the page itself, or by leaving it.
      const why = request.failure()?.errorText ?? '';
      if (why !== 'net::ERR_ABORTED') fault(`request failed: ${request.url()}: ${why}`);
    });
  }

  /** Goes to a path below the program's address. */
  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.base}${path}`);
  }

  /** Takes out the faults that match; fails where there is none. */
  expectFault(pattern: RegExp): void {
    const kept = this.#faults.filter((text) => !pattern.test(text));
    assert.notEqual(kept.length, this.#faults.length, `no fault matches ${pattern}`);
    this.#faults.splice(0, this.#faults.length, ...kept);
  }

  /** Fails when something went wrong in the page that was not expected. */
  assertClean(): void {
    assert.deepEqual(this.#faults, []);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeNode {
  readonly target: readonly unknown[];
  readonly failureSummary?: string;
}

interface AxeViolation {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly AxeNode[];
}

/** Serious and critical accessibility faults of what is shown now, a line for each place. */
export async function axeFaults(page: Page): Promise<string[]> {
  const found = (await page.evaluate(`(async () => {
    if (window.axe === undefined) { ${readFileSync(axeSource, 'utf8')} }
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help,
      nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })) }));
  })()`)) as readonly AxeViolation[];
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => {
        return `${id}: ${help}: ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`;
      }),
    );
}

/** What is looked at for accessibility: both themes at the width of a desk and of a telephone. */
export const views: readonly Required<Pick<View, 'width' | 'colorScheme'>>[] = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 400, colorScheme: 'light' },
  { width: 400, colorScheme: 'dark' },
];

/** From here on, what begins to change slowly is written down: `property of element`. */
const watchMotion = `if (window.motionSeen === undefined) {
  window.motionSeen = new Set();
  addEventListener('transitionrun', ({ target, propertyName }) =>
    motionSeen.add(propertyName + ' of ' + target.tagName.toLowerCase()));
}`;

/**
 * Ends when no animation is left, then tells what moved although the reader asked for less motion:
 * colours on their way are neither those of the one theme nor of the other.
 */
const motion = `(async () => {
  const forEver = ({ effect }) => effect?.getComputedTiming().endTime === Infinity;
  for (;;) {
    const all = document.getAnimations().filter(({ playState }) => playState !== 'finished');
    const ending = all.filter((one) => !forEver(one));
    if (ending.length === 0) {
      return [...motionSeen, ...all.map((one) => one.animationName + ' goes on for ever')];
    }
    await Promise.allSettled(ending.map(({ finished }) => finished));
  }
})()`;

/**
 * Looks at the state that is shown in each of {@link views}, without loading it again.
 * @throws where there are faults, something moves, or the page is wider than the window
 */
export async function assertAccessible(tab: Tab, state: string): Promise<void> {
  const { page } = tab;
  const before = page.viewportSize();
  const faults: string[] = [];
  for (const { width, colorScheme } of views) {
    await page.evaluate(watchMotion);
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await page.waitForSelector(`html[data-theme="${colorScheme}"]`, { state: 'attached' });
    const view = `${state}, ${width} px, ${colorScheme}`;
    for (const one of (await page.evaluate(motion)) as string[]) faults.push(`${view}: ${one}`);
    for (const fault of await axeFaults(page)) faults.push(`${view}: ${fault}`);
    const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
    if (wide > width) faults.push(`${view}: the page is ${wide} px wide`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before !== null) await page.setViewportSize(before);
  assert.deepEqual(faults, []);
}

/** A part of a test of one tab. */
type Step = (name: string, run: (tab: Tab) => Promise<void>) => Promise<void>;

/**
 * Runs the parts of a test of one tab; after each, nothing may have gone wrong in the page.
 * @param after what else has to hold then
 */
export function stepsOf(t: TestContext, tab: Tab, after: () => void = () => {}): Step {
  return (name, run) =>
    t.test(name, async () => {
      await run(tab);
      tab.assertClean();
      after();
    });
}

export interface WithPage extends AllInOne {
  /** `http://127.0.0.1:PORT` of the page. */
  readonly page: string;
}

/** The program with the page, as `npm start` runs it, in `folder`. @param ui further keys of it */
export async function startWithPage(
  folder: string,
  ui = '',
  options: AllInOneOptions = {},
): Promise<WithPage> {
  const port = await freePort();
  const section = `{endpoint: "127.0.0.1:${port}", storage: {engine: embedded_clickhouse}${ui}}`;
  const extensions = { ...options.extensions, ui: section };
  const program = await startAllInOne(folder, { ...options, extensions });
  return { ...program, page: `http://127.0.0.1:${port}` };
}

export interface Driven {
  readonly program: WithPage;
  readonly chromium: Chromium;
  readonly tab: Tab;
}

/**
 * A program of the test's own with the page, and a tab; both end with the test, which fails where
 * the tab saw faults.
 */
export async function drive(t: TestContext, ui = ''): Promise<Driven> {
  const folder = scratch();
  t.after(() => folder.remove());
  const program = await startWithPage(folder.path, ui);
  t.after(() => program.stop());
  const { chromium: browser, tab } = await driveAt(t, program.page);
  return { program, chromium: browser, tab };
}

/** A browser with a tab for the page of a running program. */
export async function driveAt(
  t: TestContext,
  base: string,
  view: View = {},
): Promise<{ readonly chromium: Chromium; readonly tab: Tab }> {
  const browser = await Chromium.launch();
  t.after(() => browser.close());
  const tab = await browser.open(base, view);
  return { chromium: browser, tab };
}

/** The root of the checkout. */
export const root = join(import.meta.dirname, '../..');
