/** Addresses of searches for the traces behind a figure. */
import type { ServiceFigures, ServiceMapEdge } from '../../../../query/web/contract/services.ts';
import type { TimeRange } from '../../parts/time-range.ts';
import { nameOfId } from './words.ts';

export interface TraceSearch {
  readonly service: string;
  readonly operation?: string;
  readonly errors?: boolean;
}

/** Parameters of the screen Traces. */
export function traceParams(search: TraceSearch, { from, to }: TimeRange): Record<string, string> {
  return {
    service: search.service,
    operation: search.operation ?? '',
    status: search.errors === true ? 'error' : '',
    from,
    to,
  };
}

/** What can be searched for to see the calls of an edge: the end whose spans counted them. */
export function searchOfEdge({ from, to, source }: ServiceMapEdge): TraceSearch | undefined {
  const isService = (id: string) => id.startsWith('service:');
  if (source === 'flow') return undefined;
  // A captured database has spans under its own name.
  if (source !== 'peer') return { service: nameOfId(to) };
  if (isService(from)) return { service: nameOfId(from) };
  return isService(to) ? { service: nameOfId(to) } : undefined;
}

/** Nodes that have spans of their own, whatever their type. */
export function searchOfNode({ name, instrumented, measure }: ServiceFigures) {
  return instrumented || measure === 'captured' ? { service: name } : undefined;
}
