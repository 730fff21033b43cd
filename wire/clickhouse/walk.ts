import { readVarint, Scan, skipField } from './scan.ts';

/**
 * Receives what an export request of traces, metrics or logs holds, as byte ranges of `b`; empty
 * ranges stand for what is absent. `resource` comes before its scopes and `scope` before its items,
 * whatever the order on the wire.
 */
export interface ItemSink {
  resource(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void;
  scope(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void;
  /** A span, a log record or a metric. */
  item(b: Uint8Array, start: number, end: number): void;
}

type Visit = (
  b: Uint8Array,
  start: number,
  end: number,
  urlStart: number,
  urlEnd: number,
  sink: ItemSink,
  scan: Scan,
) => void;

/** Walks one range of a batch, which the structural pass has found sound. */
export function walkItems(b: Uint8Array, sink: ItemSink): void {
  const scan = new Scan();
  for (let p = 0; p < b.length; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const end = p + scan.value;
    group(b, p, end, sink, scan, resourceSeen);
    eachChild(b, p, end, sink, scan, scopeGroup);
    p = end;
  }
}

const resourceSeen: Visit = (b, start, end, urlStart, urlEnd, sink) =>
  sink.resource(b, start, end, urlStart, urlEnd);

const scopeSeen: Visit = (b, start, end, urlStart, urlEnd, sink) =>
  sink.scope(b, start, end, urlStart, urlEnd);

type Child = (b: Uint8Array, start: number, end: number, sink: ItemSink, scan: Scan) => void;

const scopeGroup: Child = (b, start, end, sink, scan) => {
  group(b, start, end, sink, scan, scopeSeen);
  eachChild(b, start, end, sink, scan, itemSeen);
};

const itemSeen: Child = (b, start, end, sink) => sink.item(b, start, end);

/** Finds field 1 (resource or scope) and field 3 (schema URL), the last of each. */
function group(
  b: Uint8Array,
  start: number,
  end: number,
  sink: ItemSink,
  scan: Scan,
  seen: Visit,
): void {
  let from = end;
  let to = end;
  let urlStart = end;
  let urlEnd = end;
  for (let p = start; p < end; ) {
    const tag = b[p];
    if (tag !== 10 && tag !== 26) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    if (tag === 10) {
      from = p;
      p = to = p + scan.value;
    } else {
      urlStart = p;
      p = urlEnd = p + scan.value;
    }
  }
  seen(b, from, to, urlStart, urlEnd, sink, scan);
}

/** Calls `child` for each field 2. */
function eachChild(
  b: Uint8Array,
  start: number,
  end: number,
  sink: ItemSink,
  scan: Scan,
  child: Child,
): void {
  for (let p = start; p < end; ) {
    if (b[p] !== 18) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const childEnd = p + scan.value;
    child(b, p, childEnd, sink, scan);
    p = childEnd;
  }
}
