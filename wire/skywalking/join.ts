/**
 * Where a segment says that it belongs to a trace of W3C's trace context
 * (https://www.w3.org/TR/trace-context/): in a tag `traceparent` of one of its spans, as agents
 * write it that copy keys of the correlation context into tags, or in the tag `http.headers`, where
 * Java agents put the headers that they are told to collect.
 */
export interface OtherTrace {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  /** 8 bytes. */
  readonly spanId: Uint8Array;
  /**
   * The tag is `traceparent`: the correlation context carries it to every segment of the trace, so
   * all of them can move to the other trace.
   */
  readonly whole: boolean;
}

const name = Buffer.from('traceparent');
const pattern = /^(?:=\[?|")?([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

/** The trace that a segment names; undefined for nearly all. */
export function joinOf(segment: Uint8Array): OtherTrace | undefined {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
  let at = bytes.indexOf(name);
  for (let tries = 0; at >= 0 && tries < 16; tries += 1) {
    const found = read(bytes, at);
    if (found !== undefined) return found;
    at = bytes.indexOf(name, at + name.length);
  }
  return undefined;
}

function read(bytes: Buffer, at: number): OtherTrace | undefined {
  const after = at + name.length;
  // a tag of this key: 0a <11> traceparent 12 <length> value
  const whole = bytes[at - 1] === name.length && bytes[at - 2] === 0x0a && bytes[after] === 0x12;
  const from = whole ? after + 2 : after;
  const match = pattern.exec(bytes.toString('latin1', from, from + 60));
  if (match === null || match[1] === 'ff') return undefined;
  const [, , trace = '', span = ''] = match;
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return { traceId: Buffer.from(trace, 'hex'), spanId: Buffer.from(span, 'hex'), whole };
}
