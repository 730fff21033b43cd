import type { RowFilter } from '../contract/trace.ts';
import type { Layout } from './layout.ts';
import type { PackedSpans } from './packed-spans.ts';

/** Rows that fulfil a filter. */
export interface Matches {
  /** 1 = it does, by row. */
  readonly row: Uint8Array;
  readonly total: number;
}

/** @param packed asked for only where texts are looked for */
export async function findMatches(
  layout: Layout,
  packed: () => Promise<PackedSpans>,
  filter: RowFilter,
): Promise<Matches> {
  const { count, service, status, criticalNs, texts, missing } = layout;
  const row = new Uint8Array(count);
  const name = filter.name === undefined ? undefined : texts.indexOf(filter.name);
  let total = 0;
  const text = filter.text === undefined ? undefined : await textRows(layout, packed, filter.text);
  for (let i = 0; i < count; i++) {
    if (missing[i] === 1 && text === undefined) continue;
    if (filter.service !== undefined && service[i] !== filter.service) continue;
    if (filter.errors === true && status[i] !== 2) continue;
    if (filter.critical === true && criticalNs[i] === 0) continue;
    if (name !== undefined && (layout.name[i] !== name || missing[i] === 1)) continue;
    if (text !== undefined && text[i] === 0) continue;
    row[i] = 1;
    total += 1;
  }
  return { row, total };
}

/** Rows whose service, span id or JSON (names, attributes, events, status) contain a text. */
async function textRows(
  { count, spanIds, services, service, span }: Layout,
  packed: () => Promise<PackedSpans>,
  wanted: string,
): Promise<Uint8Array> {
  const text = wanted.toLowerCase();
  // As it stands in JSON.
  const inJson = JSON.stringify(text).slice(1, -1);
  const found = await (await packed()).search(inJson, (json) => contains(json, inJson));
  const ofService = services.map((name) => name.toLowerCase().includes(text));
  const rows = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = span[i]!;
    const yes =
      at === -1
        ? spanIds[i]!.includes(text)
        : found[at] === 1 || ofService[service[i]!] === true || spanIds[i]!.includes(text);
    if (yes) rows[i] = 1;
  }
  return rows;
}

/** What OTLP/JSON itself says in every span is no match: keys of its own objects. */
const frame =
  /"(?:traceId|parentSpanId|spanId)":"[0-9a-f]*"|"(?:name|kind|startTimeUnixNano|endTimeUnixNano|attributes|key|value|values|stringValue|intValue|boolValue|doubleValue|bytesValue|arrayValue|kvlistValue|events|links|status|message|code|timeUnixNano|flags|traceState|dropped\w+Count)":/g;

function contains(json: string, text: string): boolean {
  if (!json.toLowerCase().includes(text)) return false;
  return json.replace(frame, '\u0000').toLowerCase().includes(text);
}
