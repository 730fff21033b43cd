/** A trace, or one span of it, as OTLP/JSON. */
import type { PackedSpans, SpanGroup } from './packed-spans.ts';

/** Pieces of one TracesData message. */
export function* traceJson(packed: PackedSpans): Generator<string> {
  yield '{"resourceSpans":[';
  const spans = packed.texts();
  for (const [g, group] of packed.groups.entries()) {
    const [before, after] = around(group);
    yield (g === 0 ? '' : ',') + before;
    for (let i = 0; i < group.count; i++) {
      const text = spans.next();
      if (text.done === true) throw new Error('BUG: fewer spans than their groups count');
      yield (i === 0 ? '' : ',') + text.value;
    }
    yield after;
  }
  yield ']}\n';
}

/** @param text JSON of the span */
export function spanJson(text: string, group: SpanGroup): string {
  const [before, after] = around(group);
  return `{"resourceSpans":[${before}${text}${after}]}\n`;
}

function around(group: SpanGroup): [before: string, after: string] {
  const url = (text: string): string => (text === '' ? '' : `,"schemaUrl":${JSON.stringify(text)}`);
  const before = `{"resource":${group.resource},"scopeSpans":[{"scope":${group.scope},"spans":[`;
  return [before, `]${url(group.scopeSchemaUrl)}}]${url(group.resourceSchemaUrl)}}`];
}
