/** The JSON of Jaeger's api_v3: OTLP/JSON of the stored spans. */
import { inTurns, Pace, type Steps } from '../../storage/steps.ts';
import type {
  StoredResource,
  StoredScope,
  StoredSpan,
  StoredTrace,
} from '../../storage/traces/model.ts';
import { type Json, resourceOf, scopeOf, spanOf, text } from '../shown/otlp-json.ts';
import { type ViewSpan, view } from '../shown/view.ts';
import { adjust } from './adjust.ts';
import { Entries, Items } from './json-text.ts';
import { truncatedText } from './json-v1.ts';

/** How a trace is shown. */
export interface V3Options {
  /** Leave the trace as it is stored. */
  readonly raw: boolean;
  readonly maxClockSkewNs: bigint;
}

const missingParentText = 'parent span ID=%s is not in the trace; skipping clock skew adjustment';

/**
 * `resourceSpans` of a trace: spans of one resource and scope stand together, made as they are
 * written. Rejects with the reason of `signal`.
 */
export async function* v3Groups(
  trace: StoredTrace,
  options: V3Options,
  signal?: AbortSignal,
): AsyncGenerator<Entries> {
  const groups = await inTurns(grouped(trace, options), signal);
  for (const [resource, scopes] of groups) {
    const scopeSpans = Array.from(scopes, ([scope, list]) => scopeGroup(scope, list));
    yield new Entries({
      resource: resourceOf(resource),
      scopeSpans: new Items(scopeSpans),
      ...text('schemaUrl', resource.schemaUrl),
    });
  }
}

type Groups = Map<StoredResource, Map<StoredScope, ViewSpan[]>>;

function* grouped(trace: StoredTrace, options: V3Options): Steps<Groups> {
  const groups: Groups = new Map();
  const pace = new Pace();
  const spans = options.raw
    ? yield* viewsOf(trace.spans, pace)
    : yield* adjust(trace.spans, { ...options, missingParentText, sortEvents: true });
  if (trace.truncated && !options.raw) spans[0]?.warnings.push(truncatedText(trace));
  for (const span of spans) {
    if (pace.due()) yield;
    let scopes = groups.get(span.resource);
    if (scopes === undefined) groups.set(span.resource, (scopes = new Map()));
    const list = scopes.get(span.scope);
    if (list === undefined) scopes.set(span.scope, [span]);
    else list.push(span);
  }
  return groups;
}

function* viewsOf(spans: readonly StoredSpan[], pace: Pace): Steps<ViewSpan[]> {
  const views: ViewSpan[] = [];
  for (const span of spans) {
    views.push(view(span));
    if (pace.due()) yield;
  }
  return views;
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
