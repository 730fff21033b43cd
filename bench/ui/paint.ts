/** First useful paint: from the start of a navigation to when what was asked for is shown. */
import type { Chromium, Tab } from '../../integration/lib/page.ts';

export interface PaintOptions {
  /** Parameters of a search, as the API takes them. */
  readonly search: string;
  /** Id of a large trace. */
  readonly trace: string;
  readonly repeats: number;
}

interface Screen {
  readonly name: string;
  readonly path: string;
  /** CSS selector of what makes the screen useful. */
  readonly shown: string;
}

function screens({ search, trace }: PaintOptions): readonly Screen[] {
  const given = new URLSearchParams(search);
  const ms = (name: string): string => String(BigInt(given.get(name) ?? '0') / 1_000_000n);
  const range = `from=${ms('start')}&to=${ms('end')}`;
  const service = encodeURIComponent(given.get('service') ?? '');
  return [
    {
      name: 'traces',
      path: `/traces?${range}&service=${service}`,
      shown: '[data-testid="found-trace"]',
    },
    { name: 'trace', path: `/trace/${trace}`, shown: '[role="treegrid"] [role="row"]' },
    { name: 'services, list', path: `/services?view=list&${range}`, shown: 'tbody tr' },
    { name: 'pipelines', path: '/pipelines', shown: '[data-testid="pipeline-node"]' },
  ];
}

/** Notes when `selector` is first there and the frame after it has begun. */
const observer = (selector: string): string => `(() => {
  const wanted = ${JSON.stringify(selector)};
  const look = () => {
    if (document.querySelector(wanted) === null) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.usefulAt = performance.now(); }));
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true });
})()`;

/** Prints the times of each screen with an empty cache and with a warm one, and what was sent. */
export async function paintTimes(
  chromium: Chromium,
  base: string,
  options: PaintOptions,
): Promise<void> {
  console.log('\nfirst useful paint, from the start of the navigation');
  for (const screen of screens(options)) {
    const cold: number[] = [];
    const warm: number[] = [];
    let sent = '';
    for (let i = 0; i < options.repeats; i++) {
      const tab = await chromium.open(base);
      await tab.page.addInitScript(observer(screen.shown));
      cold.push(await useful(tab, screen.path));
      sent = await transferred(tab);
      warm.push(await useful(tab, screen.path));
      tab.assertClean();
      await tab.close();
    }
    console.log(
      `  ${screen.name.padEnd(16)} empty cache ${median(cold)} ms, warm ${median(warm)} ms; ${sent}`,
    );
  }
}

async function useful(tab: Tab, path: string): Promise<number> {
  await tab.goto(path);
  const at = await tab.page.evaluate(`new Promise((resolve) => {
    const look = () => {
      if (window.usefulAt === undefined) setTimeout(look, 5);
      else resolve(window.usefulAt);
    };
    look();
    setTimeout(() => resolve(-1), 15000);
  })`);
  if (at === -1) throw new Error(`${path} shows nothing useful after 15 s`);
  return Number(at);
}

/** Bytes of files of the page and of answers of its API. */
async function transferred(tab: Tab): Promise<string> {
  const [files, answers] = (await tab.page.evaluate(`(() => {
    const sum = [0, 0];
    for (const entry of performance.getEntries()) {
      if (entry.transferSize === undefined) continue;
      sum[entry.name.includes('/api/') ? 1 : 0] += entry.transferSize;
    }
    return sum;
  })()`)) as [number, number];
  return `${(files / 1000).toFixed(0)} KB of page, ${(answers / 1000).toFixed(0)} KB of answers`;
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(0);
}
