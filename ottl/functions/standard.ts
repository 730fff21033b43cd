import { converters } from './converters/index.ts';
import { editors } from './editors/index.ts';
import { hasAttributeKeyOnDatapoint, hasAttributeOnDatapoint } from './has-attribute.ts';
import { isRootSpan } from './is-root-span.ts';
import { type FunctionTable, functionTable, type OttlFunction } from './types.ts';

/** Editors and converters of every context. */
export function standardFunctions(): FunctionTable {
  return functionTable(editors, converters);
}

/** What conditions may call: converters, and those that only spans or metrics have. */
export function conditionFunctions(context: string): FunctionTable {
  return functionTable(converters, contextConverters(context));
}

/** Converters of one context. */
function contextConverters(context: string): readonly OttlFunction[] {
  if (context === 'span') return [isRootSpan];
  return context === 'metric' ? [hasAttributeOnDatapoint, hasAttributeKeyOnDatapoint] : [];
}

/** What statements may call. */
export function statementFunctions(
  context: string,
  more: readonly OttlFunction[] = [],
): FunctionTable {
  return functionTable(editors, converters, context === 'span' ? [isRootSpan] : [], more);
}
