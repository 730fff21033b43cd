import { startOf, type WriteRequest } from '../remote-write/request.ts';
import { IdTable, Lists } from './id-table.ts';

/** Where exemplars go that came as series of their own, without a sample. */
export interface ExemplarOwners {
  /** Series with a value -> series with the same labels that only have exemplars. */
  readonly owners: Lists | undefined;
  /** Exemplars of series that have no value in the request. */
  readonly orphans: number;
}

function hasValue({ sampleEnds, histogramEnds }: WriteRequest, series: number): boolean {
  return (
    sampleEnds.values[series]! > startOf(sampleEnds, series) ||
    histogramEnds.values[series]! > startOf(histogramEnds, series)
  );
}

function exemplarsOf({ exemplarEnds }: WriteRequest, series: number): number {
  return exemplarEnds.values[series]! - startOf(exemplarEnds, series);
}

function pushLabels({ labels, labelEnds }: WriteRequest, series: number, table: IdTable): void {
  const end = labelEnds.values[series]!;
  for (let i = startOf(labelEnds, series); i < end; i += 1) table.key.push(labels.values[i]!);
}

/** Prometheus sends exemplars as series without samples: finds the series that they are of. */
export function ownersOfExemplars(request: WriteRequest): ExemplarOwners {
  if (request.exemplarCount === 0) return { owners: undefined, orphans: 0 };
  const lonely: number[] = [];
  for (let i = 0; i < request.seriesCount; i += 1) {
    if (exemplarsOf(request, i) > 0 && !hasValue(request, i)) lonely.push(i);
  }
  if (lonely.length === 0) return { owners: undefined, orphans: 0 };
  const table = new IdTable(lonely.length, request.symbols.seed);
  const ids = lonely.map((series) => {
    pushLabels(request, series, table);
    return table.id();
  });
  const owners: number[] = [];
  for (let i = 0; i < request.seriesCount; i += 1) {
    if (!hasValue(request, i)) continue;
    pushLabels(request, i, table);
    const id = table.find();
    if (id >= 0) owners[id] = i;
  }
  const lists = new Lists(lonely.length);
  let orphans = 0;
  for (const [i, series] of lonely.entries()) {
    const owner = owners[ids[i]!];
    if (owner === undefined) orphans += exemplarsOf(request, series);
    else lists.append(owner, series);
  }
  return { owners: lists, orphans };
}
