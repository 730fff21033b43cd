import { compileRegexp } from '../../../../pdata/regexp/index.ts';
import type { XmlNode } from './tree.ts';
import {
  type Context,
  evaluate,
  nodeText,
  toNumber,
  toText,
  toTruth,
  type XPathValue,
} from './xpath-eval.ts';
import type { Expression } from './xpath-parse.ts';

function normalized(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}

function translated(text: string, from: string, to: string): string {
  const wanted = [...to];
  const map = new Map([...from].map((char, i) => [char, wanted[i] ?? '']));
  return [...text].map((char) => map.get(char) ?? char).join('');
}

/** Characters from a place (counted from 1) on, places rounded. */
function substring(text: string, start: number, length: number): string {
  const from = Math.round(start);
  const to = from + Math.round(length);
  return [...text].filter((_, i) => i + 1 >= from && i + 1 < to).join('');
}

function fullName(node: XmlNode): string {
  if (node.kind !== 'element' && node.kind !== 'attribute') return '';
  return node.prefix === '' ? node.data : `${node.prefix}:${node.data}`;
}

type Call = (args: XPathValue[], context: Context) => XPathValue;

const own = (args: XPathValue[], context: Context): XPathValue => args[0] ?? [context.node];
const firstNode = (args: XPathValue[], context: Context): XmlNode | undefined => {
  const value = own(args, context);
  return Array.isArray(value) ? value[0] : undefined;
};
const text = (args: XPathValue[], i: number): string => toText(args[i]!);

const functions: Readonly<Record<string, Call>> = {
  boolean: (args) => toTruth(args[0]!),
  ceiling: (args) => Math.ceil(toNumber(args[0]!)),
  concat: (args) => args.map(toText).join(''),
  contains: (args) => text(args, 0).includes(text(args, 1)),
  count: (args) => (Array.isArray(args[0]) ? args[0].length : 0),
  'ends-with': (args) => text(args, 0).endsWith(text(args, 1)),
  false: () => false,
  floor: (args) => Math.floor(toNumber(args[0]!)),
  last: (_, context) => context.size,
  'local-name': (args, context) => firstNode(args, context)?.data ?? '',
  'lower-case': (args) => text(args, 0).toLowerCase(),
  matches: (args) => compileRegexp(text(args, 1)).test(text(args, 0)),
  name: (args, context) => {
    const node = firstNode(args, context);
    return node === undefined ? '' : fullName(node);
  },
  'namespace-uri': () => '',
  'normalize-space': (args, context) => normalized(toText(own(args, context))),
  not: (args) => !toTruth(args[0]!),
  number: (args, context) => toNumber(own(args, context)),
  position: (_, context) => context.position,
  replace: (args) => text(args, 0).replaceAll(text(args, 1), () => text(args, 2)),
  reverse: (args) => (Array.isArray(args[0]) ? args[0].toReversed() : args[0]!),
  round: (args) => Math.round(toNumber(args[0]!)),
  'starts-with': (args) => text(args, 0).startsWith(text(args, 1)),
  string: (args, context) => toText(own(args, context)),
  'string-join': (args) =>
    Array.isArray(args[0]) ? args[0].map(nodeText).join(text(args, 1)) : text(args, 0),
  'string-length': (args, context) => [...toText(own(args, context))].length,
  substring: (args) =>
    substring(
      text(args, 0),
      toNumber(args[1]!),
      args[2] === undefined ? Number.POSITIVE_INFINITY : toNumber(args[2]),
    ),
  'substring-after': (args) => {
    const at = text(args, 0).indexOf(text(args, 1));
    return at < 0 ? '' : text(args, 0).slice(at + text(args, 1).length);
  },
  'substring-before': (args) => {
    const at = text(args, 0).indexOf(text(args, 1));
    return at < 0 ? '' : text(args, 0).slice(0, at);
  },
  sum: (args) =>
    Array.isArray(args[0])
      ? args[0].reduce((total, node) => total + toNumber(nodeText(node)), 0)
      : toNumber(args[0]!),
  translate: (args) => translated(text(args, 0), text(args, 1), text(args, 2)),
  true: () => true,
};

/** Calls a function that the parser knows. */
export function callFunction(
  name: string,
  args: readonly Expression[],
  context: Context,
): XPathValue {
  const call = functions[name];
  if (call === undefined) throw new Error(`BUG: XPath function ${name} is not there`);
  return call(
    args.map((argument) => evaluate(argument, context)),
    context,
  );
}
