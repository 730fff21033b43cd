import {
  captureSource,
  type Lookup,
  type Origin,
  readOrigin,
  readSpan,
} from '../../stitch/attributes.ts';
import type { StitchSpan } from '../../stitch/span.ts';
import type { KeyValue, StoredResource, StoredSpan } from '../../storage/traces/model.ts';
import { serviceName } from '../../storage/traces/model.ts';

/** Whether spans of the resource were captured, not sent by an SDK. */
export function isCaptured(resource: StoredResource): boolean {
  return resource.attributes.some((a) => a.key === captureSource);
}

/** Reads stored spans for stitching, each span and each resource once. */
export class Decoder {
  readonly #origins = new Map<StoredResource, Origin>();
  readonly #services = new Map<StoredResource, string>();
  readonly #spans = new Map<StoredSpan, StitchSpan>();

  decode(span: StoredSpan): StitchSpan {
    const known = this.#spans.get(span);
    if (known !== undefined) return known;
    const { traceId, spanId, parentSpanId, kind, resource } = span;
    const origin = this.#origin(resource);
    const { startUnixNano: startNs, endUnixNano: endNs } = span;
    const service = this.#services.get(resource) ?? '';
    const head = { traceId, spanId, parentSpanId, kind, startNs, endNs, service };
    const read = readSpan(head, origin, lookup(span.attributes));
    this.#spans.set(span, read);
    return read;
  }

  #origin(resource: StoredResource): Origin {
    const known = this.#origins.get(resource);
    if (known !== undefined) return known;
    const origin = readOrigin(lookup(resource.attributes));
    this.#origins.set(resource, origin);
    this.#services.set(resource, serviceName(resource));
    return origin;
  }
}

function lookup(attributes: readonly KeyValue[]): Lookup {
  const values = new Map<string, string | bigint>();
  for (const { key, value } of attributes) {
    if (value.type === 'string' || value.type === 'int') values.set(key, value.value);
  }
  return (key) => values.get(key);
}
