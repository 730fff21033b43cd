/**
 * What the pictures show: a line here is a picture in each theme. First what moves, while it does.
 */
import type { Tab } from '../../integration/lib/page.ts';
import type { Shot } from './camera.ts';

const range = 'from=now-15m';

async function traces(tab: Tab): Promise<void> {
  await tab.goto(`/traces?${range}&service=nginx&service=frontend`);
  await tab.page.getByTestId('found-trace').first().waitFor();
}

/** A request through services that know nothing of tracing, and why a span is where it is. */
async function stitched(tab: Tab): Promise<void> {
  await openFirst(tab, 'service=nginx', /4\d spans/);
}

async function details(tab: Tab): Promise<void> {
  await openFirst(tab, 'service=payment&status=error', /frontend/);
  const { page } = tab;
  await page.getByRole('treegrid', { name: 'Spans' }).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('e');
  await page
    .getByText(/^1 of \d+$/)
    .waitFor({ timeout: 5000 })
    .catch(() => undefined);
  await page.keyboard.press('Enter');
  await page.getByTestId('span-details').getByRole('heading').first().waitFor();
}

async function openFirst(tab: Tab, search: string, row: RegExp): Promise<void> {
  const { page } = tab;
  await tab.goto(`/traces?${range}&${search}`);
  await page.getByTestId('found-trace').filter({ hasText: row }).first().click();
  await page.getByRole('treegrid', { name: 'Spans' }).getByRole('row').nth(5).waitFor();
}

async function services(tab: Tab): Promise<void> {
  await tab.goto(`/services?${range}`);
  await tab.page.getByTestId('service-edge').first().waitFor({ state: 'attached' });
}

async function serviceEdge(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto(`/services?${range}&focus=service%3Astock&hops=1`);
  await page
    .getByRole('complementary')
    .getByRole('button', { name: /mariadbd/ })
    .click();
  await page.getByText('Round trip').waitFor();
}

async function serviceList(tab: Tab): Promise<void> {
  await tab.goto(`/services?view=list&${range}`);
  await tab.page.getByTestId('service-row').nth(3).waitFor();
}

async function pipelines(tab: Tab): Promise<void> {
  await tab.goto('/pipelines');
  await tab.page.getByTestId('pipeline-alert').first().waitFor();
  const rate = tab.page.getByTestId('pipeline-edge').filter({ hasText: /[1-9][\d.]*\/s/ });
  await rate.nth(1).waitFor();
}

async function tap(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines');
  const edge = '[data-testid="pipeline-edge"][data-to="exporter/clickhouse@traces"]';
  await page.locator(edge).first().click();
  await page.getByTestId('tap-sample').nth(1).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
}

async function check(tab: Tab): Promise<void> {
  const { page } = tab;
  await tab.goto('/pipelines?tab=check');
  await page.getByTestId('config-text').fill(`receivers:
  otlp:
    protocols:
      grpc:
        endpoint: localhost:4317
      http:
        endpont: localhost:4318

processors:
  memory_limiter:
    check_interval: 1s
    limit_percentage: 75

exporters:
  otlp_grpc:
    endpoint: collector.example:4317
    sending_queue:
      queue_size: many

service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp_grpc]
`);
  await page.getByTestId('config-faults').waitFor();
}

export const shots: readonly Shot[] = [
  { name: 'traces', show: traces },
  { name: 'pipelines', show: pipelines },
  { name: 'pipelines-tap', show: tap },
  { name: 'pipelines-check', show: check },
  { name: 'trace', show: stitched },
  { name: 'trace-details', show: details },
  { name: 'services', show: services },
  { name: 'services-edge', show: serviceEdge },
  { name: 'services-list', show: serviceList },
  { name: 'traces-narrow', show: traces, width: 400 },
  { name: 'trace-narrow', show: stitched, width: 400 },
];
