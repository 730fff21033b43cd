/** What one place of a layout stands for. */
export type ChunkKind =
  | 'literal'
  | 'monthLong'
  | 'monthShort'
  | 'month'
  | 'weekdayLong'
  | 'weekdayShort'
  | 'day'
  | 'yearDay'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'year'
  | 'year2'
  | 'PM'
  | 'pm'
  | 'zone'
  | 'offset'
  | 'fraction';

/** One place of a layout: text, or a part of a time. */
export interface Chunk {
  readonly kind: ChunkKind;
  /** As written in the layout. */
  readonly text: string;
  /** Two digits are wanted, not one or two. */
  readonly padded: boolean;
  /** Spaces may stand before it. */
  readonly spaces: boolean;
}

/** Elements of Go's reference time (https://pkg.go.dev/time#pkg-constants), longest first. */
const elements: readonly (readonly [string, ChunkKind])[] = [
  ['January', 'monthLong'],
  ['Monday', 'weekdayLong'],
  ['-07:00:00', 'offset'],
  ['Z07:00:00', 'offset'],
  ['-070000', 'offset'],
  ['Z070000', 'offset'],
  ['-07:00', 'offset'],
  ['Z07:00', 'offset'],
  ['-0700', 'offset'],
  ['Z0700', 'offset'],
  ['-07', 'offset'],
  ['Z07', 'offset'],
  ['2006', 'year'],
  ['Jan', 'monthShort'],
  ['Mon', 'weekdayShort'],
  ['MST', 'zone'],
  ['002', 'yearDay'],
  ['__2', 'yearDay'],
  ['01', 'month'],
  ['02', 'day'],
  ['03', 'hour12'],
  ['04', 'minute'],
  ['05', 'second'],
  ['06', 'year2'],
  ['15', 'hour'],
  ['_2', 'day'],
  ['PM', 'PM'],
  ['pm', 'pm'],
  ['1', 'month'],
  ['2', 'day'],
  ['3', 'hour12'],
  ['4', 'minute'],
  ['5', 'second'],
];

const fraction = /[.,](0+|9+)(?!\d)/y;

function chunk(kind: ChunkKind, text: string, spaces = false): Chunk {
  return { kind, text, padded: /^0\d$/.test(text), spaces };
}

/** Splits a Go layout. */
export function splitLayout(layout: string): Chunk[] {
  const chunks: Chunk[] = [];
  let literal = '';
  let at = 0;
  while (at < layout.length) {
    const found = elementAt(layout, at);
    if (found === undefined) {
      literal += layout[at];
      at += 1;
      continue;
    }
    if (literal !== '') chunks.push(chunk('literal', literal));
    literal = '';
    chunks.push(found);
    at += found.text.length;
  }
  if (literal !== '') chunks.push(chunk('literal', literal));
  return chunks;
}

function elementAt(layout: string, at: number): Chunk | undefined {
  fraction.lastIndex = at;
  const fractional = fraction.exec(layout);
  if (fractional !== null) return chunk('fraction', fractional[0]);
  if (layout.startsWith('_2006', at)) return undefined; // the underscore is literal
  const found = elements.find(([text]) => layout.startsWith(text, at));
  if (found === undefined) return undefined;
  const [text, kind] = found;
  // `Jan` and `Mon` are elements only where no lower-case word goes on.
  if ((text === 'Jan' || text === 'Mon') && /[a-z]/.test(layout[at + 3] ?? '')) {
    return undefined;
  }
  return chunk(kind, text);
}

/** Directives of strptime: an element of Go's, or a list of elements and literals. */
const directives: Readonly<Record<string, string>> = {
  Y: '2006',
  y: '06',
  m: '1',
  o: '1',
  q: '1',
  b: 'Jan',
  h: 'Jan',
  B: 'January',
  d: '2',
  e: '2',
  g: '2',
  a: 'Mon',
  A: 'Monday',
  H: '15',
  l: '3',
  I: '3',
  p: 'PM',
  P: 'pm',
  M: '4',
  S: '5',
  Z: 'MST',
  w: '-070000',
  i: '-07',
  j: '-07:00',
  k: '-07:00:00',
  D: '1/2/2006',
  x: '1/2/2006',
  F: '2006-1-2',
  T: '15:4:5',
  X: '15:4:5',
  r: '3:4:5 pm',
  R: '15:4',
  c: 'Mon Jan 2 15:4:5 2006',
};

const literals: Readonly<Record<string, string>> = { n: '\n', t: '\t', '%': '%' };
const fractions: Readonly<Record<string, string>> = { L: '999', f: '999999', s: '999999999' };

/**
 * Splits a strptime format. Numbers may have one or two digits and spaces before them.
 * @throws Error naming the directive that is not supported
 */
export function splitStrptime(format: string): Chunk[] {
  if (/\d/.test(format)) throw new Error('format string should not contain decimals');
  const wrong = /[^.,]%[Lfs]/.exec(format);
  if (wrong !== null) {
    throw new Error(
      `invalid fractional seconds directive: '${wrong[0]}'. must be preceded with '.' or ','`,
    );
  }
  const chunks: Chunk[] = [];
  const add = (next: Chunk) => {
    const before = chunks.at(-1);
    if (next.kind === 'literal' && before?.kind === 'literal') {
      chunks[chunks.length - 1] = chunk('literal', before.text + next.text);
    } else chunks.push(next);
  };
  for (let at = 0; at < format.length; at += 1) {
    const c = format[at]!;
    if (c !== '%' || at + 1 >= format.length) {
      add(chunk('literal', c));
      continue;
    }
    at += 1;
    for (const next of directive(format[at]!, chunks)) add(next);
  }
  return chunks;
}

function directive(name: string, before: Chunk[]): Chunk[] {
  const literal = literals[name];
  if (literal !== undefined) return [chunk('literal', literal)];
  const digits = fractions[name];
  if (digits !== undefined) {
    // The `.` or `,` before it is part of a fraction.
    const last = before.pop();
    if (last === undefined) return [chunk('literal', digits)];
    const head = last.text.slice(0, -1);
    const made = chunk('fraction', last.text.slice(-1) + digits);
    return head === '' ? [made] : [chunk('literal', head), made];
  }
  if (name === 'z') return [chunk('offset', 'any')];
  const layout = directives[name];
  if (layout === undefined) throw new Error(`unsupported strptime directive: %${name}`);
  const numeric = /^\d/;
  return splitLayout(layout).map((c) => ({ ...c, spaces: numeric.test(c.text) }));
}
