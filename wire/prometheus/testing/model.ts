import { NativeHistogram } from '../remote-write/native-histogram.ts';
import { Input } from '../remote-write/protobuf.ts';
import { startOf, typeNames, type WriteRequest } from '../remote-write/request.ts';

/** A request as plain values, for tests to compare. */
export interface SeriesModel {
  readonly labels: Readonly<Record<string, string>>;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly created: number;
  /** Bits of the value in hexadecimal, time, start. */
  readonly samples: readonly (readonly [string, number, number])[];
  readonly histograms: readonly object[];
  readonly exemplars: readonly (readonly [Readonly<Record<string, string>>, string, number])[];
}

const bitsText = (lo: number, hi: number): string =>
  ((BigInt(hi) << 32n) | BigInt(lo)).toString(16).padStart(16, '0');

/** All series of a request. */
export function modelOf(request: WriteRequest): SeriesModel[] {
  const { symbols } = request;
  const labelsOf = (values: Uint32Array, from: number, to: number): Record<string, string> => {
    const out: [string, string][] = [];
    for (let i = from; i < to; i += 2) {
      out.push([symbols.text(values[i]!), symbols.text(values[i + 1]!)]);
    }
    return Object.fromEntries(out);
  };
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => from + i);
  return range(0, request.seriesCount).map((s) => ({
    labels: labelsOf(
      request.labels.values,
      startOf(request.labelEnds, s),
      request.labelEnds.values[s]!,
    ),
    type: typeNames[request.types.values[s]!]!,
    help: symbols.text(request.helps.values[s]!),
    unit: symbols.text(request.units.values[s]!),
    created: request.created.values[s]!,
    samples: range(startOf(request.sampleEnds, s), request.sampleEnds.values[s]!).map((i) => [
      bitsText(request.sampleBits.values[2 * i]!, request.sampleBits.values[2 * i + 1]!),
      request.sampleTimes.values[i]!,
      request.sampleStarts.values[i]!,
    ]),
    histograms: range(startOf(request.histogramEnds, s), request.histogramEnds.values[s]!).map(
      (i) => histogramModel(request, i),
    ),
    exemplars: range(startOf(request.exemplarEnds, s), request.exemplarEnds.values[s]!).map((i) => [
      labelsOf(
        request.exemplarLabels.values,
        startOf(request.exemplarLabelEnds, i),
        request.exemplarLabelEnds.values[i]!,
      ),
      bitsText(request.exemplarBits.values[2 * i]!, request.exemplarBits.values[2 * i + 1]!),
      request.exemplarTimes.values[i]!,
    ]),
  }));
}

function histogramModel(request: WriteRequest, i: number): object {
  const { values } = request.histogramRanges;
  const end = values[2 * i + 1]!;
  const histogram = new NativeHistogram();
  histogram.read(new Input(request.histogramBytes, values[2 * i]!, end), end);
  const { sumLo, sumHi, ...rest } = histogram;
  return { ...structuredClone(rest), sum: bitsText(sumLo, sumHi) };
}
