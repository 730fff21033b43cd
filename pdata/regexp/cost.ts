import { anyNode, isNullable, type Node } from './ast.ts';
import { overlap, upperBound } from './char-set.ts';

/**
 * How long a backtracking engine may take at worst: about `factor * length ** degree` steps for a
 * text of `length` characters. The degree is Infinity where no polynomial holds.
 */
export interface Cost {
  readonly factor: number;
  readonly degree: number;
}

const hopeless: Cost = { factor: 1, degree: Number.POSITIVE_INFINITY };

/** The worst cost of searching for a pattern in a text. */
export function searchCost(node: Node): Cost {
  const start = startsAtBegin(node) ? 0 : 1;
  // One way at most to read any text: every loop gives back what it took once.
  if (isDeterministic(node)) return { factor: 2 * loopless(node), degree: start + hasLoop(node) };
  const ways = countWays(node);
  if (ways.degree === Number.POSITIVE_INFINITY || ways.factor > 1e6) return hopeless;
  return { factor: ways.factor * loopless(node), degree: ways.degree + start };
}

/** Whether a pattern can only match at the beginning of the text. */
function startsAtBegin(node: Node): boolean {
  switch (node.kind) {
    case 'assert':
      return node.assertion === 'begin';
    case 'group':
      return startsAtBegin(node.node);
    case 'concat':
      return node.nodes.length > 0 && startsAtBegin(node.nodes[0]!);
    case 'alternate':
      return node.nodes.every(startsAtBegin);
    default:
      return false;
  }
}

function hasLoop(node: Node): number {
  const found = anyNode(node, (n) => n.kind === 'repeat' && n.max === Number.POSITIVE_INFINITY);
  return found ? 1 : 0;
}

/** Characters of the longest match when loops run once. */
function loopless(node: Node): number {
  switch (node.kind) {
    case 'set':
    case 'assert':
      return 1;
    case 'group':
      return loopless(node.node);
    case 'concat':
      return Math.max(1, sum(node.nodes.map(loopless)));
    case 'alternate':
      return sum(node.nodes.map(loopless));
    case 'repeat': {
      const times = node.max === Number.POSITIVE_INFINITY ? Math.max(1, node.min) : node.max;
      return times * loopless(node.node);
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

/** An upper bound of the number of ways in which a node can read a text from one place. */
function countWays(node: Node): Cost {
  switch (node.kind) {
    case 'set':
    case 'assert':
      return { factor: 1, degree: 0 };
    case 'group':
      return countWays(node.node);
    case 'concat':
      return node.nodes.map(countWays).reduce(product, { factor: 1, degree: 0 });
    case 'alternate': {
      const ways = node.nodes.map(countWays);
      return {
        factor: sum(ways.map((w) => w.factor)),
        degree: Math.max(...ways.map((w) => w.degree)),
      };
    }
    case 'repeat': {
      const inner = countWays(node.node);
      if (node.max === Number.POSITIVE_INFINITY) {
        return inner.degree === 0 && inner.factor === 1 ? { factor: 1, degree: 1 } : hopeless;
      }
      if (inner.degree > 0 && node.max > 1) return hopeless;
      const factor = inner.factor ** node.max * (node.max - node.min + 1);
      return { factor: Math.min(factor, 1e9), degree: inner.degree };
    }
  }
}

function product(a: Cost, b: Cost): Cost {
  return { factor: Math.min(a.factor * b.factor, 1e9), degree: a.degree + b.degree };
}

const maxPositions = 256;

interface Positions {
  readonly sets: (readonly number[])[];
  readonly follow: Set<number>[];
  /** whether some place leads to another in two ways, as in `(a+)+` */
  ambiguous: boolean;
}

interface Ends {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly nullable: boolean;
}

/**
 * Whether the next character always says where in the pattern to go on (Glushkov's construction:
 * no two places that can come next share a character). Repeat counts are unrolled as loops.
 */
function isDeterministic(node: Node): boolean {
  const positions: Positions = { sets: [], follow: [], ambiguous: false };
  const ends = walk(node, positions);
  if (ends === undefined || positions.ambiguous || !disjoint(ends.first, positions)) return false;
  return positions.follow.every((next) => disjoint([...next], positions));
}

function disjoint(places: readonly number[], positions: Positions): boolean {
  for (let i = 0; i < places.length; i += 1) {
    for (let j = i + 1; j < places.length; j += 1) {
      if (overlap(positions.sets[places[i]!]!, positions.sets[places[j]!]!)) return false;
    }
  }
  return true;
}

function walk(node: Node, positions: Positions): Ends | undefined {
  switch (node.kind) {
    case 'set': {
      if (positions.sets.length >= maxPositions) return undefined;
      const place = positions.sets.push(upperBound(node.set)) - 1;
      positions.follow.push(new Set());
      return { first: [place], last: [place], nullable: false };
    }
    case 'assert':
      return { first: [], last: [], nullable: true };
    case 'group':
      return walk(node.node, positions);
    case 'concat':
      return walkAll(node.nodes, positions);
    case 'alternate': {
      const ends = node.nodes.map((child) => walk(child, positions));
      if (ends.includes(undefined)) return undefined;
      const all = ends as Ends[];
      // two branches that can be empty are two ways
      if (all.filter((e) => e.nullable).length > 1) return undefined;
      return {
        first: all.flatMap((e) => e.first),
        last: all.flatMap((e) => e.last),
        nullable: all.some((e) => e.nullable),
      };
    }
    case 'repeat':
      return walkRepeat(node.node, node.min, node.max, positions);
  }
}

function walkAll(nodes: readonly Node[], positions: Positions): Ends | undefined {
  let all: Ends = { first: [], last: [], nullable: true };
  for (const node of nodes) {
    const next = walk(node, positions);
    if (next === undefined) return undefined;
    connect(all.last, next.first, positions);
    all = {
      first: all.nullable ? [...all.first, ...next.first] : all.first,
      last: next.nullable ? [...all.last, ...next.last] : next.last,
      nullable: all.nullable && next.nullable,
    };
  }
  return all;
}

function walkRepeat(node: Node, min: number, max: number, positions: Positions): Ends | undefined {
  if (isNullable(node)) return undefined;
  if (max === Number.POSITIVE_INFINITY || max > 1) {
    const copies = max === Number.POSITIVE_INFINITY ? Math.max(1, min) : max;
    const parts: Ends[] = [];
    for (let i = 0; i < copies; i += 1) {
      const part = walk(node, positions);
      if (part === undefined) return undefined;
      const before = parts.at(-1);
      if (before !== undefined) connect(before.last, part.first, positions);
      parts.push(part);
    }
    const last = parts.at(-1)!;
    if (max === Number.POSITIVE_INFINITY) connect(last.last, last.first, positions);
    return {
      first: parts[0]!.first,
      last: parts.slice(Math.max(0, min - 1)).flatMap((part) => part.last),
      nullable: min === 0,
    };
  }
  const inner = walk(node, positions);
  return inner === undefined ? undefined : { ...inner, nullable: inner.nullable || min === 0 };
}

function connect(from: readonly number[], to: readonly number[], positions: Positions): void {
  for (const place of from) {
    const follow = positions.follow[place]!;
    for (const next of to) {
      if (follow.has(next)) positions.ambiguous = true;
      follow.add(next);
    }
  }
}
