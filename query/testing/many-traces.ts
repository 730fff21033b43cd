/** A reader of many traces that do not exist until they are asked for. */
import type { StoredSpan, StoredTrace } from '../../storage/traces/model.ts';
import { ReadError, type TraceReader, type TraceSummary } from '../../storage/traces/reader.ts';

export interface ManyTraces {
  readonly reader: TraceReader;
  readonly ids: readonly string[];
  /** How many traces each call asked for. */
  readonly asked: number[];
  /** Most spans that one call gave. */
  readonly most: number;
}

export interface ManyOptions {
  /** Spans of each trace, as they are found; one that is asked for can have more. */
  readonly found?: number;
  /** Whether a search says that there are more. */
  readonly truncated?: boolean;
  /** Every so many are found to be one. */
  readonly joined?: number;
  /** A call that asks for this trace fails. */
  readonly broken?: number;
  /** Length of the one attribute of each span. */
  readonly textLength?: number;
}

const noScope = {
  name: '',
  version: '',
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: '',
};
const resource = {
  attributes: [{ key: 'service.name', value: { type: 'string' as const, value: 'shop' } }],
  droppedAttributesCount: 0,
  schemaUrl: '',
};

function spanOf(traceId: string, n: number, text: string): StoredSpan {
  return {
    traceId,
    spanId: (n + 1).toString(16).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: `op ${n}`,
    kind: 2,
    startUnixNano: 1_000n,
    endUnixNano: 2_000n,
    attributes: text === '' ? [] : [{ key: 'text', value: { type: 'string', value: text } }],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
    resource,
    scope: noScope,
  };
}

function summaryOf(traceId: string, n: number, spanCount: number): TraceSummary {
  return {
    traceId,
    rootServiceName: 'shop',
    rootOperationName: 'op',
    startUnixNano: BigInt(1_000_000 - n),
    endUnixNano: 2_000_000n,
    spanCount,
    errorSpanCount: 0,
    orphanSpanCount: 0,
    services: [{ name: 'shop', spanCount, errorSpanCount: 0 }],
  };
}

/** @param spans of each trace */
export function manyTraces(spans: readonly number[], options: ManyOptions = {}): ManyTraces {
  const { found, truncated = false, joined = 1, broken = -1, textLength = 0 } = options;
  const ids = spans.map((_, n) => (n + 1).toString(16).padStart(32, '0'));
  const asked: number[] = [];
  const text = 'x'.repeat(textLength);
  let most = 0;
  const reader: TraceReader = {
    services: async () => ['shop'],
    operations: async () => [],
    dependencies: async () => [],
    async findTraces({ limit }) {
      const all = ids.map((id, n) => summaryOf(id, n, found ?? spans[n]!));
      return { traces: all.slice(0, limit), truncated: truncated || all.length > limit };
    },
    async joinFound(traces) {
      return traces.filter((_, n) => n % joined === 0);
    },
    async getTraces(wanted, { maxSpans = Number.POSITIVE_INFINITY } = {}) {
      asked.push(wanted.length);
      const here = wanted.map((id) => ids.indexOf(id)).filter((n) => n >= 0);
      if (here.includes(broken)) throw new ReadError('cannot read traces: gone', 'unavailable');
      const all = here.reduce((sum, n) => sum + spans[n]!, 0);
      if (all > maxSpans && wanted.length > 1) throw new ReadError('too many spans', 'too_broad');
      most = Math.max(most, Math.min(all, maxSpans));
      return here.map((n): StoredTrace => {
        const traceId = ids[n]!;
        const length = Math.min(spans[n]!, maxSpans);
        const list = Array.from({ length }, (_, i) => spanOf(traceId, i, text));
        return { traceId, spans: list, truncated: length < spans[n]! };
      });
    },
  };
  return {
    reader,
    ids,
    asked,
    get most() {
      return most;
    },
  };
}
