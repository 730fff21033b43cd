import type { Assertion, CharSet, Node } from './ast.ts';
import { lastCodePoint, onlyMember } from './char-set.ts';

/**
 * A tree as the source of a RegExp with the flag u (no other): everything is spelt out, so that
 * classes, line ends and word characters are Go's.
 */
export function emit(node: Node): string {
  switch (node.kind) {
    case 'set':
      return emitSet(node.set);
    case 'assert':
      return assertions[node.assertion];
    case 'group':
      return `(${emit(node.node)})`;
    case 'concat':
      return node.nodes.map((child) => wrapped(child, child.kind === 'alternate')).join('');
    case 'alternate':
      return node.nodes.map(emit).join('|');
    case 'repeat': {
      const atomic = node.node.kind === 'set' || node.node.kind === 'group';
      return `${wrapped(node.node, !atomic)}${quantifier(node.min, node.max)}${node.greedy ? '' : '?'}`;
    }
  }
}

function wrapped(node: Node, wrap: boolean): string {
  return wrap ? `(?:${emit(node)})` : emit(node);
}

function quantifier(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  if (min === 0 && max === 1) return '?';
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

const assertions: Readonly<Record<Assertion, string>> = {
  begin: '^',
  end: '$',
  beginLine: '(?<![^\\n])',
  endLine: '(?![^\\n])',
  word: '\\b',
};

function emitSet(set: CharSet): string {
  const only = onlyMember(set);
  if (only !== undefined) return emitChar(only);
  if (!set.negated && set.ranges[0] === 0 && set.ranges[1] === lastCodePoint) return '[^]';
  let out = set.negated ? '[^' : '[';
  for (let i = 0; i < set.ranges.length; i += 2) {
    out += emitChar(set.ranges[i]!);
    if (set.ranges[i + 1] !== set.ranges[i]) out += `-${emitChar(set.ranges[i + 1]!)}`;
  }
  return `${out}${set.properties.join('')}]`;
}

function emitChar(code: number): string {
  const char = String.fromCodePoint(code);
  if (/^[A-Za-z0-9_ ]$/.test(char)) return char;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
