import type { Value, ValueMap } from '../../expr/index.ts';

/** Where an entry was read: what is not handed on yet must be read again after a crash. */
export interface Origin {
  readonly source: object;
  /** Offset of its first byte. */
  readonly offset: number;
}

/** One log entry on its way through operators. Times are nanoseconds since 1970, 0 = none. */
export class Entry {
  observed: bigint;
  timestamp = 0n;
  body: Value = null;
  attributes: ValueMap | undefined;
  resource: ValueMap | undefined;
  /** OTLP's numbers, 0 = unspecified. */
  severity = 0;
  severityText = '';
  traceId: Uint8Array | undefined;
  spanId: Uint8Array | undefined;
  traceFlags: Uint8Array | undefined;
  scopeName = '';
  origin: Origin | undefined;

  constructor(observed: bigint) {
    this.observed = observed;
  }

  /** A copy that shares nothing that can be changed. */
  copy(): Entry {
    const other = new Entry(this.observed);
    other.timestamp = this.timestamp;
    other.body = copyValue(this.body);
    other.attributes = this.attributes && copyMap(this.attributes);
    other.resource = this.resource && copyMap(this.resource);
    other.severity = this.severity;
    other.severityText = this.severityText;
    other.traceId = this.traceId;
    other.spanId = this.spanId;
    other.traceFlags = this.traceFlags;
    other.scopeName = this.scopeName;
    other.origin = this.origin;
    return other;
  }
}

function copyValue(value: Value): Value {
  if (value instanceof Map) return copyMap(value);
  return Array.isArray(value) ? value.map(copyValue) : value;
}

function copyMap(map: ValueMap): ValueMap {
  const out: ValueMap = new Map();
  for (const [key, value] of map) out.set(key, copyValue(value));
  return out;
}
