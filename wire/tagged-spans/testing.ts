import type { Traces } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';

interface Attribute {
  readonly key: string;
}

interface Grouped {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly { readonly scope?: object; readonly spans?: readonly Span[] }[];
  }[];
}

interface Span {
  readonly attributes?: readonly Attribute[];
  readonly events?: readonly { readonly attributes?: readonly Attribute[] }[];
  readonly links?: readonly { readonly attributes?: readonly Attribute[] }[];
  readonly status?: object;
}

function sorted(attributes: readonly Attribute[] = []): Attribute[] {
  return attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

const sortedIn = <T extends { readonly attributes?: readonly Attribute[] }>(
  items: readonly T[] = [],
) => items.map((item) => ({ ...item, attributes: sorted(item.attributes) }));

/**
 * Every span of a batch with its resource and scope, as texts in a fixed order, so that batches
 * can be compared whatever their grouping. The batch's bytes are checked on the way.
 */
export function spanTexts(batch: Traces | undefined): string[] {
  if (batch === undefined) return [];
  const bytes = Buffer.concat(batch.ranges());
  const checked = parseRequest('traces', bytes);
  if (checked.itemCount !== batch.itemCount) throw new Error('the batch counts its spans wrong');
  const { resourceSpans = [] } = JSON.parse(toJson(checked)) as Grouped;
  return resourceSpans
    .flatMap(({ resource, scopeSpans = [] }) =>
      scopeSpans.flatMap(({ scope = {}, spans = [] }) =>
        spans.map((span) =>
          JSON.stringify({
            resource: sorted(resource?.attributes),
            scope,
            span: Object.fromEntries(
              Object.entries({
                ...span,
                attributes: sorted(span.attributes),
                events: sortedIn(span.events),
                links: sortedIn(span.links),
                status: span.status ?? {},
              }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
            ),
          }),
        ),
      ),
    )
    .toSorted();
}
