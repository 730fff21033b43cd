/** The joined trace as it is shown: parents by stitching, what it rests on as attributes. */
import type { Link } from '../../stitch/span.ts';
import type { KeyValue, StoredSpan } from '../../storage/traces/model.ts';

/** Attributes that joined spans are shown with (docs/attributes.md). */
export const stitchAttributes = {
  /** Rule that made the link to the parent. */
  rule: 'wirestitch.stitch.rule',
  evidence: 'wirestitch.stitch.evidence',
  /** Why there is no parent. */
  unlinked: 'wirestitch.stitch.unlinked',
  /** Ids as they are stored, where others are shown. */
  traceId: 'wirestitch.stitch.trace_id',
  parentSpanId: 'wirestitch.stitch.parent_span_id',
} as const;

/**
 * @param traceId the id under which the trace was opened
 * @param parent the span that the link leads to
 */
export function rewrite(
  span: StoredSpan,
  link: Link,
  parent: StoredSpan | undefined,
  traceId: string,
  captured: boolean,
): StoredSpan {
  const parentSpanId = parent === undefined ? span.parentSpanId : parent.spanId;
  const moved = parentSpanId !== span.parentSpanId;
  if (!captured && !moved && span.traceId === traceId) return span;
  const added: KeyValue[] = [];
  const add = (key: string, value: string): void => {
    if (value !== '') added.push({ key, value: { type: 'string', value } });
  };
  if (captured || moved) {
    if ('rule' in link) {
      add(stitchAttributes.rule, link.rule);
      add(stitchAttributes.evidence, link.evidence);
    } else {
      add(stitchAttributes.unlinked, link.unlinked);
    }
  }
  if (moved) add(stitchAttributes.parentSpanId, span.parentSpanId);
  if (span.traceId !== traceId) add(stitchAttributes.traceId, span.traceId);
  return { ...span, traceId, parentSpanId, attributes: [...span.attributes, ...added] };
}
