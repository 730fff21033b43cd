/** What the pictures show: a line here is a picture in each theme. */
import type { Tab } from '../../integration/lib/page.ts';
import type { Shot } from './camera.ts';

async function traces(tab: Tab): Promise<void> {
  await tab.goto('/traces?from=now-15m');
}

async function services(tab: Tab): Promise<void> {
  await tab.goto('/services?from=now-15m');
}

async function pipelines(tab: Tab): Promise<void> {
  await tab.goto('/pipelines');
}

export const shots: readonly Shot[] = [
  { name: 'traces', show: traces },
  { name: 'services', show: services },
  { name: 'pipelines', show: pipelines },
  { name: 'traces-narrow', show: traces, width: 400 },
];
