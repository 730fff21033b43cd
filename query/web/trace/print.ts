import type { StoredSpan } from '../../../storage/traces/model.ts';

/** Everything a span says as one text: equal texts are copies of one span. */
export function spanPrint(span: StoredSpan): string {
  const { resource, scope, ...rest } = span;
  return JSON.stringify([rest, resource.attributes, scope.name, scope.version], (_, value) =>
    typeof value === 'bigint' ? `${value}` : (value as unknown),
  );
}
