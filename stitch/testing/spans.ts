/** Spans for tests, as short as the test needs them. */
import type { ObservationPoint } from '../../wire/observation/points.ts';
import type { Capture, StitchOptions, StitchSpan } from '../span.ts';
import { stitch } from '../stitch.ts';

/** A request over TCP of which nothing else is known. */
export const noCapture: Capture = {
  point: 'rest',
  transport: 'tcp',
  clientAddress: '10.0.0.1',
  clientPort: 40_000,
  serverAddress: '10.0.0.2',
  serverPort: 80,
  requestSequence: undefined,
  responseSequence: undefined,
  requestHead: '',
  responseHead: '',
  syscallRequest: '',
  syscallResponse: '',
  requestId: '',
  responseRequestId: '',
  headerTraceId: '',
  headerSpanId: '',
  businessIds: [],
  answered: true,
  cut: false,
  facts: new Map(),
};

export const baseNs = 1_760_000_000_000_000_000n;

export interface SpanFields {
  readonly trace?: string;
  readonly parent?: string;
  /** Milliseconds after the base. */
  readonly at?: number;
  readonly ms?: number;
  readonly kind?: number;
  readonly host?: string;
  readonly pid?: number;
  readonly service?: string;
}

const wide = (id: string): string => id.padStart(32, '0');
const narrow = (id: string): string => (id === '' ? '' : id.padStart(16, '0'));

/** A span of an SDK. `id` and the other ids are hex digits, filled up with zeros. */
export function sdk(id: string, fields: SpanFields = {}): StitchSpan {
  const { trace = '1', parent = '', at = 0, ms = 10, kind = 2, host = '', pid } = fields;
  const startNs = baseNs + BigInt(Math.round(at * 1e6));
  return {
    traceId: wide(trace),
    spanId: narrow(id),
    parentSpanId: narrow(parent),
    startNs,
    endNs: startNs + BigInt(Math.round(ms * 1e6)),
    kind,
    service: fields.service ?? '',
    host,
    process: pid === undefined || host === '' ? '' : `${host}/${pid}`,
    capture: undefined,
  };
}

/** A captured span in a trace of its own; with `trace` and `parent` its request carries them. */
export function seen(
  id: string,
  point: ObservationPoint,
  fields: SpanFields & Partial<Omit<Capture, 'point'>> = {},
): StitchSpan {
  const { trace, parent, at, ms, kind, host, pid, service, ...capture } = fields;
  const own = { trace: trace ?? `f${id}`, ...fields };
  const header =
    trace !== undefined && parent !== undefined
      ? { headerTraceId: wide(trace), headerSpanId: narrow(parent) }
      : {};
  const client = point.startsWith('client_');
  return {
    ...sdk(id, { ...own, kind: client ? 3 : 2 }),
    capture: { ...noCapture, ...header, ...capture, point },
  };
}

/** By span id (without leading zeros) the parent and the rule, or why there is none. */
export function treeOf(
  spans: readonly StitchSpan[],
  options?: StitchOptions,
): Record<string, string> {
  const short = (i: number): string => spans[i]!.spanId.replace(/^0+/, '');
  const tree: Record<string, string> = {};
  for (const [i, link] of stitch(spans, options).links.entries()) {
    tree[short(i)] = 'rule' in link ? `${short(link.parent)} ${link.rule}` : link.unlinked;
  }
  return tree;
}
