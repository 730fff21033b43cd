import type { Node } from './ast.ts';
import { onlyMember } from './char-set.ts';

/** A pattern that is a choice of fixed texts: where they stand and which they are. */
export interface Literals {
  readonly atBegin: boolean;
  readonly atEnd: boolean;
  readonly texts: readonly string[];
}

const maxTexts = 64;

/** The fixed texts that a pattern stands for; undefined when it is more than that. */
export function literalsOf(node: Node): Literals | undefined {
  const nodes = node.kind === 'concat' ? [...node.nodes] : [node];
  const atBegin = isAssertion(nodes[0], 'begin');
  if (atBegin) nodes.shift();
  const atEnd = isAssertion(nodes.at(-1), 'end');
  if (atEnd) nodes.pop();
  const texts = expand({ kind: 'concat', nodes });
  return texts === undefined ? undefined : { atBegin, atEnd, texts };
}

function isAssertion(node: Node | undefined, assertion: string): boolean {
  return node?.kind === 'assert' && node.assertion === assertion;
}

function expand(node: Node): string[] | undefined {
  switch (node.kind) {
    case 'set': {
      const only = onlyMember(node.set);
      return only === undefined ? undefined : [String.fromCodePoint(only)];
    }
    case 'group':
      return expand(node.node);
    case 'alternate': {
      const all: string[] = [];
      for (const child of node.nodes) {
        const texts = expand(child);
        if (texts === undefined) return undefined;
        all.push(...texts);
      }
      return all.length > maxTexts ? undefined : all;
    }
    case 'concat': {
      let all = [''];
      for (const child of node.nodes) {
        const texts = expand(child);
        if (texts === undefined || texts.length * all.length > maxTexts) return undefined;
        all = all.flatMap((before) => texts.map((text) => before + text));
      }
      return all;
    }
    default:
      return undefined;
  }
}
