import type { SpanView } from '../../component/view.ts';
import { formatDuration } from '../../config/schema/duration.ts';
import { type Html, heading, lines, link, page, table } from './html.ts';
import { latencies, type SpanSummaries } from './spans.ts';

const label = (ms: number) => `>${formatDuration(ms)}`;

function sampleTable(samples: readonly SpanView[]): Html {
  return table(
    ['Start', 'Duration', 'Trace', 'Span', 'Parent', 'Attributes', 'Error'],
    samples
      .toReversed()
      .map((span) => [
        new Date(span.startUnixMs).toISOString(),
        formatDuration(span.durationMs),
        span.traceId,
        span.spanId,
        span.parentSpanId,
        lines([...span.attributes].map(([key, value]) => `${key}=${value}`)),
        span.error ?? '',
      ]),
  );
}

/**
 * The program's own spans by name and latency; `?zspanname&ztype` shows samples: type 1 of a class
 * of latency (`zlatencybucket`), type 2 of errors.
 */
export function tracez(spans: SpanSummaries, query: URLSearchParams): string {
  const name = query.get('zspanname');
  const rows = spans.names().map((one) => {
    const { counts, errors } = spans.of(one)!;
    const cell = (count: number, more: Readonly<Record<string, string>>) =>
      count === 0 ? '0' : link('', { zspanname: one, ...more }, String(count));
    return [
      one,
      ...counts.map((count, i) => cell(count, { ztype: '1', zlatencybucket: String(i) })),
      cell(errors, { ztype: '2' }),
    ];
  });
  const all = table(['Span Name', ...latencies.map(label), 'Error Samples'], rows);
  const found = name === null ? undefined : spans.of(name);
  if (found === undefined) return page('Trace Spans', [all]);
  const bucket = Number(query.get('zlatencybucket'));
  const errors = query.get('ztype') === '2';
  const samples = errors ? found.errorSamples : (found.samples[bucket] ?? []);
  const what = errors ? 'errors' : label(latencies[bucket] ?? 0);
  return page('Trace Spans', [all, heading(`${name}: ${what}`), sampleTable(samples)]);
}
