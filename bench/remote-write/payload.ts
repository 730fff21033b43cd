import { message1, message2, type TestSeries } from '../../wire/prometheus/testing/message.ts';

/** Series that all requests write to, and how many a request has. */
const seriesCount = 20_000;
const perRequest = 2000;

/** Types of the load: half counters, 30 % gauges, 20 % buckets of histograms. */
function nameOf(i: number): string {
  const kind = i % 10;
  if (kind < 5) return `http_requests_${i % 40}_total`;
  return kind < 8 ? `memory_usage_${i % 30}_bytes` : `request_seconds_${i % 20}_bucket`;
}

function labelsOf(i: number): Record<string, string> {
  const bucket = i % 10 >= 8 ? { le: String(0.005 * 2 ** (i % 12)) } : {};
  return {
    __name__: nameOf(i),
    cluster: 'eu-1',
    container: `app-${i % 50}`,
    instance: `10.0.${i % 40}.${i % 200}:8080`,
    job: `shop/app-${i % 50}`,
    ...bucket,
    namespace: `team-${i % 12}`,
    pod: `app-${i % 50}-${(i * 7919) % 9973}`,
    series: String(i),
  };
}

/**
 * Requests of 2,000 series each, every series with `samples` samples at 15 s; times go on from one
 * request of a series to the next.
 */
export function requests(
  version: 1 | 2,
  samples: number,
  rounds: number,
  startMs: number,
): Buffer[] {
  const out: Buffer[] = [];
  const encode = version === 1 ? message1 : message2;
  for (let round = 0; round < rounds; round += 1) {
    for (let first = 0; first < seriesCount; first += perRequest) {
      const series = Array.from({ length: perRequest }, (_, n): TestSeries => {
        const i = first + n;
        return {
          labels: labelsOf(i),
          samples: Array.from({ length: samples }, (_s, s) => {
            const step = round * samples + s;
            return { value: i + step * (1 + (i % 7)), time: startMs + step * 15_000 + (i % 11) };
          }),
          type: i % 10 < 5 ? 1 : 2,
        };
      });
      out.push(encode(series));
    }
  }
  return out;
}
