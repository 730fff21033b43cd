/** A value of an attribute: whole numbers are integers, the others are named. */
export type Input =
  | null
  | boolean
  | string
  | number
  | { readonly double: number }
  | { readonly int: string }
  | { readonly bytes: string }
  | readonly Input[]
  | { readonly map: Readonly<Record<string, Input>> };

export type Attributes = Readonly<Record<string, Input>>;

/**
 * Expressions that are evaluated on inputs, each on each. What one gives is an attribute of the
 * output; what fails gives none.
 */
export interface Group {
  /** The function, or what else it is about. */
  readonly name: string;
  readonly expressions?: readonly string[];
  /** Statements instead: each is run on a copy of each input, and all attributes are the result. */
  readonly statements?: readonly string[];
  readonly inputs: readonly Attributes[];
}

/** Inputs with one attribute `a`. */
export function each(...values: readonly Input[]): Attributes[] {
  return values.map((a) => ({ a }));
}

/** Every attribute that two lists can make together. */
export function pairs(first: readonly Input[], second: readonly Input[]): Attributes[] {
  return first.flatMap((a) => second.map((b) => ({ a, b })));
}

/** One of each kind of value. */
export const kinds: readonly Input[] = [
  'text',
  '',
  '42',
  '-7.5',
  'true',
  0,
  42,
  -7,
  { double: 0 },
  { double: 3.75 },
  { double: -1e21 },
  { int: '9223372036854775807' },
  true,
  false,
  { bytes: 'AAH/' },
  { bytes: '' },
  [],
  ['x', 1, { double: 1.5 }, true],
  { map: {} },
  { map: { k: 'v', n: 1, m: { map: { deep: [1, 2] } } } },
  null,
];
