import { each, type Group, type Input, kinds, pairs } from '../model.ts';

const lists: readonly Input[] = [
  [],
  [3, 1, 2],
  ['b', 'a', 'C'],
  [{ double: 2.5 }, 1, { double: -1 }],
  [true, false, true],
  ['x', 1, true, { double: 1.5 }],
  [null, 'a'],
  [[1], [2]],
  [{ map: { a: 1 } }],
  ['é', 'z', '😀', '\uffff'],
  [1, 1, 1],
  ['10', '9', 8],
  [{ bytes: 'AQ==' }, 1],
];

/** Lists and maps. */
export const listCases: readonly Group[] = [
  {
    name: 'Sort',
    expressions: [
      'Sort(attributes["a"])',
      'Sort(attributes["a"], "desc")',
      'Sort([3, 1, 2])',
      'Sort(Split("c,a,b", ","), "asc")',
      'Sort([1, 2.5, 0])',
      'Sort(["b", 1, true], "desc")',
      'Sort([])',
      'Sort(Sort(attributes["a"]), "desc")',
    ],
    inputs: each(...lists, ...kinds),
  },
  {
    name: 'Len',
    expressions: [
      'Len(attributes["a"])',
      'Len("é")',
      'Len([1, 2])',
      'Len({"a": 1})',
      'Len(attributes)',
      'Len(0x0102)',
      'Len(body)',
      'Len(nil)',
    ],
    inputs: each(...lists, ...kinds),
  },
  {
    name: 'Index',
    expressions: [
      'Index(attributes["a"], attributes["b"])',
      'Index(attributes["a"], 1)',
      'Index("héllo", "l")',
      'Index(["a", "b"], "b")',
      'Index([1, 2.0], 2)',
      'ContainsValue(attributes["a"], attributes["b"])',
      'ContainsValue(attributes["a"], 1)',
      'ContainsValue(["a", 1, 2.5], attributes["b"])',
    ],
    inputs: [
      ...pairs(lists, [1, 'a', true, { double: 1 }, { map: { a: 1 } }, [1], null]),
      ...pairs(kinds, ['x', 'tex']),
      ...pairs(['text'], kinds),
    ],
  },
  {
    name: 'Keys',
    expressions: [
      'Sort(Keys(attributes["a"]))',
      'Sort(Keys({"b": 1, "a": 2}))',
      'Len(Keys(attributes))',
      'Sort(Values(attributes["a"]))',
      'Sort(Values({"b": 1, "a": 2}))',
      'Values({"b": {"x": [1]}})',
      'Len(Values(attributes["a"]))',
    ],
    inputs: each(...kinds, { map: { b: 2, a: 1, c: 3 } }, { map: { x: 'q', y: 'p' } }),
  },
  {
    name: 'Coalesce',
    expressions: [
      'Coalesce([attributes["none"], attributes["a"], "last"])',
      'Coalesce([nil, nil])',
      'Coalesce([attributes["a"], attributes["b"]])',
      'Coalesce([Int("x"), 5])',
      'Coalesce([Log(-1), 5])',
    ],
    inputs: each(...kinds),
  },
  {
    name: 'SliceToMap',
    expressions: [
      'SliceToMap(attributes["a"])',
      'SliceToMap(attributes["a"], ["name"])',
      'SliceToMap(attributes["a"], ["name"], ["value"])',
      'SliceToMap(attributes["a"], ["m", "deep"], ["value"])',
      'SliceToMap(attributes["a"], value_path=["value"])',
      'SliceToMap(attributes["a"], [], ["value"])',
      'SliceToMap(["a", 1])',
    ],
    inputs: each(
      ...lists,
      ...kinds,
      [{ map: { name: 'x', value: 1 } }, { map: { name: 'y', value: [2] } }],
      [{ map: { name: 'x', value: 1 } }, { map: { name: 'x', value: 2 } }],
      [{ map: { m: { map: { deep: 'k' } }, value: 'v' } }],
      [{ map: { name: 7, value: 1 } }],
      [{ map: { value: 1 } }],
      [{ map: { m: 'text', value: 1 } }],
    ),
  },
];
