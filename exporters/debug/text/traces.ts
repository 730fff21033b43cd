import { Lines } from './lines.ts';
import type { Request, Span } from './otlp-json.ts';
import { goTime, inlineAttributes } from './values.ts';

const kinds = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const statuses = ['Unset', 'Ok', 'Error'];

/** Every field of every span. */
export function detailedTraces(request: Request): string {
  const out = new Lines();
  request.resourceSpans?.forEach((resource, i) => {
    out.resource('ResourceSpans', i, resource);
    resource.scopeSpans?.forEach((scope, j) => {
      out.scope('ScopeSpans', j, scope);
      scope.spans?.forEach((span, k) => {
        out.add(`Span #${k}`);
        detailedSpan(out, span);
      });
    });
  });
  return out.toString();
}

function detailedSpan(out: Lines, span: Span): void {
  const field = (name: string, value: string) => out.add(`    ${name.padEnd(15)}: ${value}`);
  field('Trace ID', span.traceId ?? '');
  field('Parent ID', span.parentSpanId ?? '');
  field('ID', span.spanId ?? '');
  field('Name', span.name ?? '');
  field('Kind', kinds[span.kind ?? 0] ?? String(span.kind));
  if (span.traceState) field('TraceState', span.traceState);
  field('Start time', goTime(span.startTimeUnixNano));
  field('End time', goTime(span.endTimeUnixNano));
  field('Status code', statuses[span.status?.code ?? 0] ?? String(span.status?.code));
  field('Status message', span.status?.message ?? '');
  field('DroppedAttributesCount', String(span.droppedAttributesCount ?? 0));
  field('DroppedEventsCount', String(span.droppedEventsCount ?? 0));
  field('DroppedLinksCount', String(span.droppedLinksCount ?? 0));
  out.attributes('Attributes', span.attributes);
  if (span.events?.length) out.add('Events:');
  span.events?.forEach((event, i) => {
    out.add(`SpanEvent #${i}`);
    out.add(`     -> Name: ${event.name ?? ''}`);
    out.add(`     -> Timestamp: ${goTime(event.timeUnixNano)}`);
    out.nested(event);
  });
  if (span.links?.length) out.add('Links:');
  span.links?.forEach((link, i) => {
    out.add(`SpanLink #${i}`);
    out.add(`     -> Trace ID: ${link.traceId ?? ''}`);
    out.add(`     -> ID: ${link.spanId ?? ''}`);
    out.add(`     -> TraceState: ${link.traceState ?? ''}`);
    out.nested(link);
  });
}

/** A line a span: name, trace id, span id, attributes. */
export function normalTraces(request: Request): string {
  const out = new Lines();
  request.resourceSpans?.forEach((resource, i) => {
    out.shortResource('ResourceTraces', i, resource);
    resource.scopeSpans?.forEach((scope, j) => {
      out.shortScope('ScopeTraces', j, scope);
      for (const span of scope.spans ?? []) {
        const ids = `${span.traceId ?? ''} ${span.spanId ?? ''}`;
        out.add(`${span.name ?? ''} ${ids}${inlineAttributes(span.attributes)}`);
      }
    });
  });
  return out.toString();
}
