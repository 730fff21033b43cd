import { familiesOf } from '../remote-write/families.ts';
import { readWriteRequest } from '../remote-write/read.ts';
import { modelOf, type SeriesModel } from './model.ts';

/** What requests hold, in an order of its own: how it was cut and sorted does not count. */
export interface CanonicalRequests {
  readonly types: readonly string[];
  readonly faults: readonly string[];
  readonly series: readonly SeriesModel[];
  readonly families: readonly unknown[];
}

/** The Go collector sends series that it then finds no value for. */
const hasData = ({ samples, histograms, exemplars }: SeriesModel): boolean =>
  samples.length + histograms.length + exemplars.length > 0;

/** The contents of decompressed requests with their Content-Types. */
export function canonicalRequests(
  requests: readonly { readonly type: string; readonly body: Uint8Array }[],
): CanonicalRequests {
  const faults: string[] = [];
  const series: SeriesModel[] = [];
  const families: unknown[] = [];
  for (const { type, body } of requests) {
    const read = readWriteRequest(body, type.includes('write.v2') ? 2 : 1);
    faults.push(...read.faults);
    series.push(...modelOf(read.request).filter(hasData));
    families.push(...familiesOf(read.request));
  }
  const text = (value: unknown): string => JSON.stringify(value);
  const byText = (a: unknown, b: unknown): number => (text(a) < text(b) ? -1 : 1);
  return {
    types: [...new Set(requests.map(({ type }) => type))],
    faults,
    series: series.sort(byText),
    families: families.sort(byText),
  };
}
