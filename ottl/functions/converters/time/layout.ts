/** What a piece of a layout stands for. */
export type Field =
  | 'longMonth'
  | 'month'
  | 'numMonth'
  | 'zeroMonth'
  | 'longWeekDay'
  | 'weekDay'
  | 'day'
  | 'underDay'
  | 'zeroDay'
  | 'underYearDay'
  | 'zeroYearDay'
  | 'hour'
  | 'hour12'
  | 'zeroHour12'
  | 'minute'
  | 'zeroMinute'
  | 'second'
  | 'zeroSecond'
  | 'longYear'
  | 'year'
  | 'PM'
  | 'pm'
  | 'zoneName'
  | 'offset'
  | 'fraction0'
  | 'fraction9';

/** One field with the text before it. */
export interface Chunk {
  readonly prefix: string;
  readonly field: Field | undefined;
  /** the field as it stands in the layout */
  readonly text: string;
}

const fields: readonly (readonly [string, Field])[] = [
  ['January', 'longMonth'],
  ['Jan', 'month'],
  ['Monday', 'longWeekDay'],
  ['Mon', 'weekDay'],
  ['MST', 'zoneName'],
  ['002', 'zeroYearDay'],
  ['01', 'zeroMonth'],
  ['02', 'zeroDay'],
  ['03', 'zeroHour12'],
  ['04', 'zeroMinute'],
  ['05', 'zeroSecond'],
  ['06', 'year'],
  ['15', 'hour'],
  ['1', 'numMonth'],
  ['2006', 'longYear'],
  ['2', 'day'],
  ['__2', 'underYearDay'],
  ['_2', 'underDay'],
  ['3', 'hour12'],
  ['4', 'minute'],
  ['5', 'second'],
  ['PM', 'PM'],
  ['pm', 'pm'],
  ['-070000', 'offset'],
  ['-07:00:00', 'offset'],
  ['-0700', 'offset'],
  ['-07:00', 'offset'],
  ['-07', 'offset'],
  ['Z070000', 'offset'],
  ['Z07:00:00', 'offset'],
  ['Z0700', 'offset'],
  ['Z07:00', 'offset'],
  ['Z07', 'offset'],
];

const fraction = /[.,](0+|9+)(?![0-9])/y;
const short = new Set<Field>(['month', 'weekDay']);

function fieldAt(layout: string, at: number): readonly [string, Field] | undefined {
  fraction.lastIndex = at;
  const match = fraction.exec(layout);
  if (match !== null) return [match[0], match[1]![0] === '0' ? 'fraction0' : 'fraction9'];
  // `_2006` is an underscore and a year
  if (layout.startsWith('_2006', at)) return undefined;
  const found = fields.find(([text]) => layout.startsWith(text, at));
  if (found === undefined) return undefined;
  const [text, field] = found;
  // `Janet` is no month
  if (short.has(field) && /[a-z]/.test(layout[at + text.length] ?? '')) return undefined;
  return found;
}

/** A layout of Go's package time (`2006-01-02T15:04:05Z07:00`) in pieces; the last has no field. */
export function chunksOf(layout: string): Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  for (let at = 0; at < layout.length; ) {
    const found = fieldAt(layout, at);
    if (found === undefined) {
      at += 1;
      continue;
    }
    const [text, field] = found;
    chunks.push({ prefix: layout.slice(start, at), field, text });
    at += text.length;
    start = at;
  }
  chunks.push({ prefix: layout.slice(start), field: undefined, text: '' });
  return chunks;
}

/** English, from January on; Go's layouts know no other language. */
export const monthNames =
  'January February March April May June July August September October November December'.split(
    ' ',
  );
/** English, from Sunday on. */
export const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
