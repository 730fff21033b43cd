/** Spans on their way out: what is changed for showing them is not changed in what is stored. */
import type {
  KeyValue,
  StoredEvent,
  StoredLink,
  StoredResource,
  StoredScope,
  StoredSpan,
} from '../../storage/traces/model.ts';

/** A span as it is shown: what adjusters may change is its own, the rest is the stored span's. */
export interface ViewSpan {
  readonly stored: StoredSpan;
  spanId: string;
  parentSpanId: string;
  startUnixNano: bigint;
  endUnixNano: bigint;
  attributes: readonly KeyValue[];
  events: readonly StoredEvent[];
  links: readonly StoredLink[];
  resource: StoredResource;
  scope: StoredScope;
  warnings: string[];
}

/** The span as it is stored. */
export function view(stored: StoredSpan): ViewSpan {
  const { spanId, parentSpanId, startUnixNano, endUnixNano } = stored;
  const { attributes, events, links, resource, scope } = stored;
  const shown = { attributes, events, links, resource, scope, warnings: [] };
  return { stored, spanId, parentSpanId, startUnixNano, endUnixNano, ...shown };
}
