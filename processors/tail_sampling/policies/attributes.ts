import { AttributeKey, type MessageView, ValueType } from '../../../pdata/readers.ts';
import { Decision, type Policy, type TraceData } from './decision.ts';

/** Whether a resource or span is what is looked for; `key` is looked up by the caller's view. */
export type ViewTest = (view: MessageView) => boolean;

/** Samples when any resource or span passes its test. */
function anyMatches(trace: TraceData, resource: ViewTest, span: ViewTest): number {
  const { view } = trace;
  for (let g = 0; g < view.groupCount; g += 1) {
    if (resource(view.resource(g))) return Decision.sampled;
  }
  for (let i = 0; i < view.spanCount; i += 1) if (span(view.span(i))) return Decision.sampled;
  return Decision.notSampled;
}

/** A policy over attributes of resources and spans; `inverted`: none of them may pass. */
function attributePolicy(resource: ViewTest, span: ViewTest, inverted: boolean): Policy {
  return {
    stateful: false,
    evaluate(trace) {
      const decision = anyMatches(trace, resource, span);
      if (!inverted) return decision;
      return decision === Decision.sampled ? Decision.notSampled : Decision.sampled;
    },
  };
}

/** A boolean attribute; one of another type counts as false. */
export function booleanAttribute(key: string, value: boolean, inverted: boolean): Policy {
  const name = new AttributeKey(key);
  const test: ViewTest = (view) => view.find(name) && view.value.bool() === value;
  return attributePolicy(test, test, inverted);
}

/** An integer attribute between two bounds, both included; one of another type counts as 0. */
export function numericAttribute(
  key: string,
  bounds: { readonly min: number; readonly max: number },
  inverted: boolean,
): Policy {
  const name = new AttributeKey(key);
  const { min, max } = bounds;
  const test: ViewTest = (view) => {
    if (!view.find(name)) return false;
    const value = view.value.type === ValueType.int ? view.value.number() : 0;
    return value >= min && value <= max;
  };
  return attributePolicy(test, test, inverted);
}

/**
 * A text attribute; one of another type counts as ''. An empty text of a span never matches.
 * @param matches is given the text
 */
export function stringAttribute(
  key: string,
  matches: (text: string) => boolean,
  inverted: boolean,
): Policy {
  const name = new AttributeKey(key);
  const resource: ViewTest = (view) => view.find(name) && matches(view.value.string());
  const span: ViewTest = (view) => {
    if (!view.find(name) || view.value.type !== ValueType.string) return false;
    if (view.value.contentEnd === view.value.contentStart) return false;
    return matches(view.value.string());
  };
  return attributePolicy(resource, span, inverted);
}

/** A text attribute that is one of some values, compared without decoding. Empty values count not. */
export function textAttribute(key: string, values: readonly string[], inverted: boolean): Policy {
  const name = new AttributeKey(key);
  const encoder = new TextEncoder();
  const wanted = values.filter((value) => value !== '').map((value) => encoder.encode(value));
  if (wanted.length > 16) {
    const set = new Set(values.filter((value) => value !== ''));
    return stringAttribute(key, (text) => set.has(text), inverted);
  }
  const test: ViewTest = (view) => {
    if (!view.find(name)) return false;
    for (const bytes of wanted) if (view.value.equalsString(bytes)) return true;
    return false;
  };
  return attributePolicy(test, test, inverted);
}
