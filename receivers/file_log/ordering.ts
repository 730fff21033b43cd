import { statSync } from 'node:fs';
import { z } from 'zod';
import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import { splitStrptime } from '../../stanza/time/chunks.ts';
import { parseTime } from '../../stanza/time/parse-time.ts';
import { loadZone } from '../../stanza/time/zone.ts';

const sortKeys = {
  sort_type: z
    .string()
    .default('')
    .describe('numeric, alphabetical, timestamp or mtime (needs a feature gate)'),
  regex_key: z.string().default('').describe('named group of regex whose text is sorted by'),
  ascending: z.boolean().default(false).describe('smallest first; else largest first'),
  layout: z.string().default('').describe('strptime layout of timestamps'),
  location: z.string().default('').describe('time zone of timestamps; default UTC'),
};

/** Keys of `ordering_criteria:`. */
const orderingKeys = {
  regex: z.string().default('').describe('pattern of paths; its named groups are sorted by'),
  top_n: z.int().default(0).describe('files that are read, from the first on; 0 = 1'),
  sort_by: z.array(z.strictObject(sortKeys)).default([]).describe('sorts, one after the other'),
  group_by: z
    .string()
    .default('')
    .describe('pattern whose first group parts files; each part is sorted on its own'),
};

const ordering = z.strictObject(orderingKeys);

/** The section, with defaults where it is absent: nothing is sorted. */
export const orderingSection = () => ordering.prefault({});

type OrderingConfig = z.output<typeof ordering>;

interface Item {
  readonly path: string;
  readonly groups: ReadonlyMap<string, string>;
}

/** Narrows files down. */
export type Order = (paths: readonly string[]) => string[];

/** A configuration that cannot be used, and the key. */
export class OrderingFault extends Error {
  readonly path: readonly (string | number)[];
  constructor(message: string, path: readonly (string | number)[]) {
    super(message);
    this.path = path;
  }
}

function pattern(text: string, key: string, what: string): GoRegexp {
  try {
    return compileRegexp(text);
  } catch (error) {
    throw new OrderingFault(`compile ${what}: ${(error as Error).message}`, [key]);
  }
}

/**
 * Checks the section.
 * @param nowMs wall clock, for dates without a year
 * @param failed is told of paths that cannot be sorted
 * @returns undefined when nothing is to be narrowed down
 * @throws OrderingFault
 */
export function orderOf(
  config: OrderingConfig,
  nowMs: () => number,
  failed: (why: string) => void,
): Order | undefined {
  const groupBy =
    config.group_by === '' ? undefined : pattern(config.group_by, 'group_by', 'group_by regex');
  if (config.sort_by.length === 0) return undefined;
  if (config.top_n < 0) throw new OrderingFault("'top_n' must be a positive integer", ['top_n']);
  const top = config.top_n === 0 ? 1 : config.top_n;
  const needsRegex = config.sort_by.some(({ sort_type: type }) =>
    ['numeric', 'alphabetical', 'timestamp'].includes(type),
  );
  if (needsRegex && config.regex === '') {
    throw new OrderingFault("'regex' must be specified when 'sort_by' is specified", ['regex']);
  }
  const regex = needsRegex ? pattern(config.regex, 'regex', 'regex') : undefined;
  const sorts = config.sort_by.map((sort, i) => sortOf(sort, i, nowMs, failed));
  const narrow = (paths: readonly string[]): string[] => {
    let items = paths.flatMap((path) => itemOf(path, regex, failed));
    for (const sort of sorts) items = sort(items);
    return items.slice(0, top).map(({ path }) => path);
  };
  if (groupBy === undefined) return narrow;
  return (paths) => {
    const groups = Map.groupBy(paths, (path) => groupBy.exec(path)?.groups[1]);
    groups.delete(undefined);
    return [...groups.values()].flatMap(narrow).sort();
  };
}

/** Oldest first when ascending, else youngest first; files that are gone are left out. */
function byTime(items: Item[], ascending: boolean, failed: (why: string) => void): Item[] {
  const dated = items.flatMap((item) => {
    const stat = statSync(item.path, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) return [{ item, ns: stat.mtimeNs }];
    failed(`${item.path} is gone`);
    return [];
  });
  const sign = ascending ? 1 : -1;
  dated.sort((a, b) => (a.ns < b.ns ? -sign : a.ns > b.ns ? sign : 0));
  return dated.map(({ item }) => item);
}

function itemOf(path: string, regex: GoRegexp | undefined, failed: (why: string) => void): Item[] {
  if (regex === undefined) return [{ path, groups: new Map() }];
  const match = regex.exec(path);
  if (match === undefined) {
    failed(`'${path}' does not match regex`);
    return [];
  }
  const groups = new Map<string, string>();
  regex.groupNames.forEach((name, i) => {
    if (name !== '') groups.set(name, match.groups[i + 1] ?? '');
  });
  return [{ path, groups }];
}

type SortConfig = OrderingConfig['sort_by'][number];
type Sortable = string | number | bigint;

function sortOf(
  sort: SortConfig,
  index: number,
  nowMs: () => number,
  failed: (why: string) => void,
): (items: Item[]) => Item[] {
  const fail = (message: string, key: string) =>
    new OrderingFault(message, ['sort_by', index, key]);
  const { sort_type: type, regex_key: key, ascending } = sort;
  if (type === 'mtime') return (items) => byTime(items, ascending, failed);
  if (!['numeric', 'alphabetical', 'timestamp'].includes(type)) {
    throw fail("'sort_type' must be specified", 'sort_type');
  }
  const read = reader(sort, nowMs, fail);
  if (key === '') throw fail(`${type} sort: regex key must be specified`, 'regex_key');
  const sign = ascending ? 1 : -1;
  return (items) => {
    const readable = items.flatMap((item) => {
      try {
        return [{ item, value: read(item.groups.get(key) ?? '') }];
      } catch (error) {
        failed((error as Error).message);
        return [];
      }
    });
    readable.sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : 0));
    return readable.map(({ item }) => item);
  };
}

function reader(
  { sort_type: type, layout, location }: SortConfig,
  nowMs: () => number,
  fail: (message: string, key: string) => Error,
): (text: string) => Sortable {
  if (type === 'alphabetical') return (text) => text;
  if (type === 'numeric') {
    return (text) => {
      if (!/^[+-]?\d+$/.test(text)) throw new Error(`${JSON.stringify(text)} is no number`);
      return BigInt(text.replace(/^\+/, ''));
    };
  }
  if (layout === '') throw fail('timestamp sort: layout must be specified', 'layout');
  try {
    const chunks = splitStrptime(layout);
    const zone = loadZone(location);
    return (text) => parseTime(chunks, text, zone, nowMs());
  } catch (error) {
    const message = (error as Error).message;
    throw fail(`timestamp sort: ${message}`, message.includes('zone') ? 'location' : 'layout');
  }
}
