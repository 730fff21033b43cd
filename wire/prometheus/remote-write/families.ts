import { MetricType, type WriteRequest } from './request.ts';

/** What is known of a metric family. */
export interface Family {
  /** One of {@link MetricType}. */
  readonly type: number;
  readonly help: string;
  readonly unit: string;
}

/** Suffixes of series names, and the types of families whose series have them. */
const suffixes: readonly (readonly [string, readonly number[]])[] = [
  ['_total', [MetricType.counter]],
  ['_bucket', [MetricType.histogram, MetricType.gaugeHistogram]],
  ['_sum', [MetricType.histogram, MetricType.summary]],
  ['_count', [MetricType.histogram, MetricType.summary]],
  ['_gsum', [MetricType.gaugeHistogram]],
  ['_gcount', [MetricType.gaugeHistogram]],
  ['_info', [MetricType.info]],
];

/** The family that a series belongs to by its name, undefined when none is known. */
function familyOf(
  name: string,
  lookUp: (family: string) => Family | undefined,
): Family | undefined {
  const own = lookUp(name);
  if (own !== undefined) return own;
  for (const [suffix, types] of suffixes) {
    if (!name.endsWith(suffix)) continue;
    const family = lookUp(name.slice(0, -suffix.length));
    if (family !== undefined && types.includes(family.type)) return family;
  }
  return undefined;
}

/** Metadata of families that a request of version 1 holds. */
export function* familiesOf(request: WriteRequest): Iterable<readonly [string, Family]> {
  const { symbols, familyNames, familyTypes, familyHelps, familyUnits } = request;
  for (let i = 0; i < familyNames.length; i += 1) {
    const help = symbols.text(familyHelps.values[i]!);
    const unit = symbols.text(familyUnits.values[i]!);
    const family = { type: familyTypes.values[i]!, help, unit };
    yield [symbols.text(familyNames.values[i]!), family];
  }
}

/** Gives the series of a request of version 1 the types, texts and units that are known. */
export function applyFamilies(
  request: WriteRequest,
  lookUp: (family: string) => Family | undefined,
): void {
  const { symbols, names, seriesCount } = request;
  const found = new Map<number, Family | undefined>();
  for (let i = 0; i < seriesCount; i += 1) {
    const name = names.values[i]!;
    if (!found.has(name)) found.set(name, familyOf(symbols.text(name), lookUp));
  }
  const texts = new Map<string, number>([['', 0]]);
  for (const family of found.values()) {
    if (family === undefined) continue;
    texts.set(family.help, 0);
    texts.set(family.unit, 0);
  }
  let at = symbols.append(Buffer.from([...texts.keys()].join('')));
  for (const text of texts.keys()) {
    const end = at + Buffer.byteLength(text);
    texts.set(text, symbols.intern(at, end));
    at = end;
  }
  for (let i = 0; i < seriesCount; i += 1) {
    const family = found.get(names.values[i]!);
    if (family === undefined) continue;
    request.types.values[i] = family.type;
    request.helps.values[i] = texts.get(family.help)!;
    request.units.values[i] = texts.get(family.unit)!;
  }
}
