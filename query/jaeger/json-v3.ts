/** The JSON of Jaeger's api_v3: OTLP/JSON of the stored spans. */
import type { StoredResource, StoredScope, StoredTrace } from '../../storage/traces/model.ts';
import { type Json, resourceOf, scopeOf, spanOf, text } from '../shown/otlp-json.ts';
import { type ViewSpan, view } from '../shown/view.ts';
import { adjust } from './adjust.ts';
import { Entries, Items } from './json-text.ts';
import { truncatedText } from './json-v1.ts';

export interface V3Options {
  /** Leave the trace as it is stored. */
  readonly raw: boolean;
  readonly maxClockSkewNs: bigint;
}

const missingParentText = 'parent span ID=%s is not in the trace; skipping clock skew adjustment';

/** `resourceSpans` of a trace: spans of one resource and scope stand together. */
export function v3Groups(trace: StoredTrace, options: V3Options): Entries[] {
  const groups = new Map<StoredResource, Map<StoredScope, ViewSpan[]>>();
  const spans = options.raw
    ? trace.spans.map(view)
    : adjust(trace.spans, { ...options, missingParentText, sortEvents: true });
  if (trace.truncated && !options.raw) spans[0]?.warnings.push(truncatedText(trace));
  for (const span of spans) {
    let scopes = groups.get(span.resource);
    if (scopes === undefined) groups.set(span.resource, (scopes = new Map()));
    const list = scopes.get(span.scope);
    if (list === undefined) scopes.set(span.scope, [span]);
    else list.push(span);
  }
  return Array.from(groups, ([resource, scopes]) => {
    const scopeSpans = Array.from(scopes, ([scope, list]) => scopeGroup(scope, list));
    return new Entries({
      resource: resourceOf(resource),
      scopeSpans: new Items(scopeSpans),
      ...text('schemaUrl', resource.schemaUrl),
    });
  });
}

function scopeGroup(scope: StoredScope, list: readonly ViewSpan[]): Entries {
  const spans = function* (): Generator<Json> {
    for (const span of list) yield spanOf(span);
  };
  return new Entries({
    scope: scopeOf(scope),
    spans: new Items(spans()),
    ...text('schemaUrl', scope.schemaUrl),
  });
}
