import { type MessageView, SpanField, MessageView as View } from '../../../pdata/readers.ts';
import { Decision, type Policy, sampledIf, type TraceData } from './decision.ts';
import { traceStateValue } from './trace-state.ts';

/** Samples everything. */
export const alwaysSample: Policy = { stateful: false, evaluate: () => Decision.sampled };

function anySpan(trace: TraceData, test: (span: MessageView) => boolean): number {
  const { view } = trace;
  for (let i = 0; i < view.spanCount; i += 1) if (test(view.span(i))) return Decision.sampled;
  return Decision.notSampled;
}

/** A time of nanoseconds in two halves. */
interface Time {
  hi: number;
  lo: number;
}

const before = (a: Time, hi: number, lo: number) => a.hi < hi || (a.hi === hi && a.lo < lo);

/**
 * Duration from the first start to the last end, in ms. As in the Go collector each span is looked
 * at as it comes, so that with an upper bound the trace of the first spans may decide.
 */
export function latency(thresholdMs: number, upperMs: number): Policy {
  const from: Time = { hi: 0, lo: 0 };
  const to: Time = { hi: 0, lo: 0 };
  const test = (span: MessageView): boolean => {
    span.fixed64(SpanField.start);
    const unset = from.hi === 0 && from.lo === 0;
    if (unset || !(before(from, span.hi, span.lo) || same(from, span.hi, span.lo))) {
      from.hi = span.hi;
      from.lo = span.lo;
    }
    span.fixed64(SpanField.end);
    if ((to.hi === 0 && to.lo === 0) || before(to, span.hi, span.lo)) {
      to.hi = span.hi;
      to.lo = span.lo;
    }
    const ms = elapsedMs(from, to);
    if (upperMs === 0) return ms >= thresholdMs;
    return thresholdMs < ms && ms <= upperMs;
  };
  return {
    stateful: upperMs > 0,
    evaluate(trace) {
      from.hi = 0;
      from.lo = 0;
      to.hi = 0;
      to.lo = 0;
      return anySpan(trace, test);
    },
  };
}

function same(a: Time, hi: number, lo: number): boolean {
  return a.hi === hi && a.lo === lo;
}

/** Whole milliseconds between two times, towards 0. */
function elapsedMs(from: Time, to: Time): number {
  const hi = to.hi - from.hi;
  const lo = to.lo - from.lo;
  // exact below 2^53 ns (104 days); beyond, halves apart
  const ns = hi * 4294967296 + lo;
  if (Math.abs(ns) < 2 ** 53) return Math.trunc(ns / 1e6);
  const exact = (BigInt(hi) << 32n) + BigInt(lo);
  const longest = 2n ** 63n;
  const bounded = exact >= longest ? longest - 1n : exact < -longest ? -longest : exact;
  return Number(bounded / 1_000_000n);
}

/** Status of any span: bit n of `codes` stands for code n. */
export function statusCode(codes: number): Policy {
  const status = new View();
  const test = (span: MessageView): boolean => {
    if (!span.findField(SpanField.status)) return (codes & 1) !== 0;
    status.bindBytes(span.value.bytes, span.value.start, span.value.end);
    const code = status.uint(3);
    return code < 31 && (codes & (1 << code)) !== 0;
  };
  return { stateful: false, evaluate: (trace) => anySpan(trace, test) };
}

/** Number of spans that came for the trace. */
export function spanCount(min: number, max: number): Policy {
  return {
    stateful: max > 0,
    evaluate: ({ spanCount: n }) => sampledIf(n >= min && (max === 0 || n <= max)),
  };
}

/** Any span with the sampled flag of W3C trace context. */
export const traceFlags: Policy = {
  stateful: false,
  evaluate: (trace) => anySpan(trace, (span) => (span.fixed32(SpanField.flags) & 1) !== 0),
};

/** Any span whose trace state has one of the values for a key. */
export function traceState(key: string, values: readonly string[]): Policy {
  const wanted = new Set(values.filter((v) => v !== '' && key.length + v.length < 256));
  const test = (span: MessageView): boolean => {
    const text = span.string(SpanField.traceState);
    return text !== '' && wanted.has(traceStateValue(text, key));
  };
  return { stateful: false, evaluate: (trace) => anySpan(trace, test) };
}
