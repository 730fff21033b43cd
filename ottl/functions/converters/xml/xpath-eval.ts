import { innerText, XmlNode } from './tree.ts';
import { callFunction } from './xpath-functions.ts';
import type { Expression, NodeTest, Step } from './xpath-parse.ts';

/** Nodes, a text, a number or a truth. */
export type XPathValue = XmlNode[] | string | number | boolean;

/** Where an expression is evaluated: a node, its place among `size` nodes, and the document. */
export interface Context {
  readonly node: XmlNode;
  readonly position: number;
  readonly size: number;
  readonly root: XmlNode;
  /** attributes as nodes, each made once a query */
  readonly attributes: Map<XmlNode, XmlNode[]>;
}

/** Nodes that an expression selects in a document, in document order. */
export function selectNodes(expression: Expression, root: XmlNode): XmlNode[] {
  const context = { node: root, position: 1, size: 1, root, attributes: new Map() };
  const value = evaluate(expression, context);
  return Array.isArray(value) ? value : [];
}

/** What XPath takes for the text of a node. */
export function nodeText(node: XmlNode): string {
  if (node.kind === 'element') return innerText(node);
  return node.kind === 'text' || node.kind === 'comment' || node.kind === 'attribute'
    ? node.kind === 'attribute'
      ? node.first!.data
      : node.data
    : '';
}

/**
 * XPath 1.0's string(): a node set is its first node's text; numbers are written as in JavaScript.
 */
export function toText(value: XPathValue): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : nodeText(value[0]!);
  return String(value);
}

/** XPath 1.0's number(): NaN for what is no decimal number; exponents are none. */
export function toNumber(value: XPathValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value).trim();
  return /^-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/.test(text) ? Number(text) : Number.NaN;
}

/** XPath 1.0's boolean(): what is empty, 0 or NaN is false. */
export function toTruth(value: XPathValue): boolean {
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return typeof value === 'boolean' ? value : value.length > 0;
}

/** The value of an expression (XPath 1.0, section 3) at the node that `context` names. */
export function evaluate(expression: Expression, context: Context): XPathValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'call':
      return callFunction(expression.name, expression.args, context);
    case 'negate':
      return -toNumber(evaluate(expression.operand, context));
    case 'binary':
      return binary(expression, context);
    case 'filter': {
      const input = evaluate(expression.input, context);
      return Array.isArray(input) ? filtered(input, expression.predicates, context) : input;
    }
    case 'path':
      return path(expression, context);
  }
}

type Binary = Extract<Expression, { kind: 'binary' }>;

function binary({ operator, left, right }: Binary, context: Context): XPathValue {
  if (operator === 'or') {
    return toTruth(evaluate(left, context)) || toTruth(evaluate(right, context));
  }
  if (operator === 'and') {
    return toTruth(evaluate(left, context)) && toTruth(evaluate(right, context));
  }
  const a = evaluate(left, context);
  const b = evaluate(right, context);
  switch (operator) {
    case '|':
      return [...new Set([...asNodes(a), ...asNodes(b)])];
    case '+':
      return toNumber(a) + toNumber(b);
    case '-':
      return toNumber(a) - toNumber(b);
    case '*':
      return toNumber(a) * toNumber(b);
    case 'div':
      return toNumber(a) / toNumber(b);
    case 'mod':
      return toNumber(a) % toNumber(b);
    default:
      return compare(operator, a, b);
  }
}

function asNodes(value: XPathValue): XmlNode[] {
  return Array.isArray(value) ? value : [];
}

/** Node sets compare true when one of their nodes does. */
function compare(operator: string, a: XPathValue, b: XPathValue): boolean {
  if (Array.isArray(a) && typeof b !== 'boolean') {
    return a.some((node) => compare(operator, nodeText(node), b));
  }
  if (Array.isArray(b) && typeof a !== 'boolean') {
    return b.some((node) => compare(operator, a, nodeText(node)));
  }
  if (operator === '=' || operator === '!=') {
    const same =
      typeof a === 'boolean' || typeof b === 'boolean'
        ? toTruth(a) === toTruth(b)
        : typeof a === 'number' || typeof b === 'number'
          ? toNumber(a) === toNumber(b)
          : a === b;
    return same === (operator === '=');
  }
  const x = toNumber(a);
  const y = toNumber(b);
  if (operator === '<') return x < y;
  if (operator === '<=') return x <= y;
  return operator === '>' ? x > y : x >= y;
}

function path(expression: Extract<Expression, { kind: 'path' }>, context: Context): XmlNode[] {
  const { from, steps } = expression;
  let nodes: XmlNode[];
  if (from === 'root') nodes = [context.root];
  else if (from === 'context') nodes = [context.node];
  else nodes = asNodes(evaluate(from, context));
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i]!;
    const next = steps[i + 1];
    // `//name` goes through the document once, in its order
    if (isAnywhere(step) && next?.axis === 'child') {
      nodes = distinct(nodes, (node) => descendants(next, node, context));
      i += 1;
    } else {
      nodes = distinct(nodes, (node) => stepFrom(step, node, context));
    }
  }
  return nodes;
}

function isAnywhere({ axis, test, predicates }: Step): boolean {
  return axis === 'descendant-or-self' && test.kind === 'node' && predicates.length === 0;
}

function distinct(nodes: XmlNode[], expand: (node: XmlNode) => XmlNode[]): XmlNode[] {
  if (nodes.length === 1) return expand(nodes[0]!);
  return [...new Set(nodes.flatMap(expand))];
}

function stepFrom(step: Step, node: XmlNode, context: Context): XmlNode[] {
  const nodes = onAxis(step, node, context).filter((found) => matches(step.test, found));
  return filtered(nodes, step.predicates, context);
}

/** Children of a node and of all below it that a step takes; places count among siblings. */
function descendants(step: Step, node: XmlNode, context: Context): XmlNode[] {
  if (step.predicates.length === 0) {
    return below(node).filter((found) => matches(step.test, found));
  }
  const chosen = new Set(
    [node, ...below(node)].flatMap((parent) => stepFrom(step, parent, context)),
  );
  return below(node).filter((found) => chosen.has(found));
}

function filtered(
  nodes: XmlNode[],
  predicates: readonly Expression[],
  context: Context,
): XmlNode[] {
  let left = nodes;
  for (const predicate of predicates) {
    const size = left.length;
    left = left.filter((node, i) => {
      const value = evaluate(predicate, { ...context, node, position: i + 1, size });
      return typeof value === 'number' ? value === i + 1 : toTruth(value);
    });
  }
  return left;
}

function isOfType(type: Exclude<NodeTest['kind'], 'name'>, node: XmlNode): boolean {
  if (type === 'node') return true;
  if (type === 'text') return node.kind === 'text' || node.kind === 'cdata';
  return node.kind === (type === 'comment' ? 'comment' : 'instruction');
}

function matches(test: NodeTest, node: XmlNode): boolean {
  if (test.kind !== 'name') return isOfType(test.kind, node);
  if (node.kind !== 'element' && node.kind !== 'attribute' && node.kind !== 'instruction') {
    return false;
  }
  if (test.prefix === undefined && test.local === '*') return true;
  if ((test.prefix ?? '') !== node.prefix) return false;
  return test.local === '*' || test.local === node.data;
}

/** Blanks between nodes do not count, but for the first child. */
function children(node: XmlNode): XmlNode[] {
  const all: XmlNode[] = [];
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child === node.first || child.kind !== 'text' || child.data.trim() !== '') all.push(child);
  }
  return all;
}

function below(node: XmlNode): XmlNode[] {
  if (node.kind === 'attribute') return [];
  return children(node).flatMap((child) => [child, ...below(child)]);
}

function ancestors(node: XmlNode): XmlNode[] {
  const all: XmlNode[] = [];
  for (let { parent } = node; parent !== undefined; { parent } = parent) all.push(parent);
  return all;
}

function siblings(node: XmlNode, way: 'next' | 'previous'): XmlNode[] {
  const all: XmlNode[] = [];
  if (node.kind === 'attribute') return all;
  for (let other = node[way]; other !== undefined; other = other[way]) {
    if (other.kind !== 'text' || other.data.trim() !== '') all.push(other);
  }
  return all;
}

function attributeNodes(node: XmlNode, context: Context): XmlNode[] {
  if (node.kind !== 'element') return [];
  let nodes = context.attributes.get(node);
  if (nodes === undefined) {
    nodes = node.attributes.map(({ prefix, local, value }) => {
      const attribute = new XmlNode('attribute', local);
      attribute.prefix = prefix;
      attribute.parent = node;
      attribute.first = new XmlNode('text', value);
      attribute.last = attribute.first;
      return attribute;
    });
    context.attributes.set(node, nodes);
  }
  return nodes;
}

function onAxis({ axis }: Step, node: XmlNode, context: Context): XmlNode[] {
  switch (axis) {
    case 'self':
      return [node];
    case 'child':
      return node.kind === 'attribute' ? [] : children(node);
    case 'attribute':
      return attributeNodes(node, context);
    case 'descendant':
      return below(node);
    case 'descendant-or-self':
      return [node, ...below(node)];
    case 'parent':
      return node.parent === undefined ? [] : [node.parent];
    case 'ancestor':
      return ancestors(node);
    case 'ancestor-or-self':
      return [node, ...ancestors(node)];
    case 'following-sibling':
      return siblings(node, 'next');
    case 'preceding-sibling':
      return siblings(node, 'previous');
    case 'following':
    case 'preceding': {
      const way = axis === 'following' ? 'next' : 'previous';
      const around = [node, ...ancestors(node)].flatMap((from) => siblings(from, way));
      return around.flatMap((found) => [found, ...below(found)]);
    }
  }
}
