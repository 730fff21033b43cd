import { splitName, XmlError, XmlReader, type XmlToken } from './tokens.ts';

interface TreeAttribute {
  readonly prefix: string;
  readonly local: string;
  readonly value: string;
}

type NodeKind =
  | 'document'
  | 'declaration'
  | 'element'
  | 'text'
  | 'cdata'
  | 'comment'
  | 'attribute'
  | 'directive'
  | 'instruction';

/** A node of a document; children are linked one to the next. */
export class XmlNode {
  kind: NodeKind;
  /** Local name of an element, the text of the others. */
  data: string;
  prefix = '';
  /** Text of a processing instruction. */
  instruction = '';
  attributes: TreeAttribute[] = [];
  parent: XmlNode | undefined;
  first: XmlNode | undefined;
  last: XmlNode | undefined;
  previous: XmlNode | undefined;
  next: XmlNode | undefined;
  constructor(kind: NodeKind, data = '') {
    this.kind = kind;
    this.data = data;
  }
}

/**
 * Puts a node after the children of another. The node is not taken out of where it stands: links
 * of its old neighbours stay, as users of these functions are used to.
 */
export function addChild(parent: XmlNode, node: XmlNode): void {
  node.parent = parent;
  node.next = undefined;
  if (parent.first === undefined) {
    parent.first = node;
    node.previous = undefined;
  } else {
    parent.last!.next = node;
    node.previous = parent.last;
  }
  parent.last = node;
}

/** Takes a node out of its tree. */
export function removeNode(node: XmlNode): void {
  const { parent, previous, next } = node;
  if (parent !== undefined) {
    if (parent.first === node) parent.first = next;
    if (parent.last === node) parent.last = previous;
  }
  if (previous !== undefined) previous.next = next;
  if (next !== undefined) next.previous = previous;
  node.parent = undefined;
  node.previous = undefined;
  node.next = undefined;
}

/** Removes the attribute of a name without a prefix. */
export function removeAttribute(node: XmlNode, name: string): void {
  const [prefix, local] = splitName(name);
  const at = node.attributes.findIndex((a) => a.prefix === prefix && a.local === local);
  if (at >= 0) node.attributes.splice(at, 1);
}

/** The text in a node and below it, comments aside. */
export function innerText(node: XmlNode): string {
  if (node.kind === 'text' || node.kind === 'cdata') return node.data;
  if (node.kind === 'comment') return '';
  let out = '';
  for (let child = node.first; child !== undefined; child = child.next) out += innerText(child);
  return out;
}

const maxDepth = 10_000;

/**
 * Reads a document, or several elements side by side. What stands before the first of them is left
 * out unless a processing instruction comes first; the instruction itself is kept when the text
 * begins with an XML declaration.
 *
 * @throws Error for what is not XML
 */
export function parseTree(text: string): XmlNode {
  let top: XmlNode;
  try {
    top = read(text);
  } catch (error) {
    if (error instanceof XmlError) throw new Error(`parse xml: ${error.message}`);
    throw error;
  }
  if (!text.startsWith('<?xml') && top.first !== undefined) removeNode(top.first);
  return top;
}

function read(text: string): XmlNode {
  const reader = new XmlReader(text);
  const top = new XmlNode('document');
  const open: XmlNode[] = [top];
  const spaces: Set<string>[] = [new Set(['xml'])];
  for (let token = reader.next(); token !== undefined; token = reader.next()) {
    const current = open.at(-1)!;
    if (token.kind === 'end') {
      open.pop();
      spaces.pop();
      continue;
    }
    const started = top.first !== undefined;
    if (token.kind === 'start') {
      if (!started) addChild(top, declaration([{ prefix: '', local: 'version', value: '1.0' }]));
      const known = declaredSpaces(spaces.at(-1)!, token);
      const node = elementOf(token, known);
      addChild(current, node);
      open.push(node);
      spaces.push(known);
      if (open.length > maxDepth) {
        throw new Error(`exceeded maximum XML nesting depth of ${maxDepth}`);
      }
    } else if (started || token.kind === 'instruction') addChild(current, leafOf(token));
  }
  for (let node = top.first; node !== undefined; node = node.next) {
    if (node.kind === 'element') return top;
  }
  throw new XmlError('xmlquery: invalid XML document');
}

type StartToken = Extract<XmlToken, { kind: 'start' }>;

function declaredSpaces(outer: Set<string>, token: StartToken): Set<string> {
  const declared = token.attributes
    .map(({ name }) => splitName(name))
    .filter(([prefix]) => prefix === 'xmlns');
  if (declared.length === 0) return outer;
  return new Set([...outer, ...declared.map(([, local]) => local)]);
}

function elementOf(token: StartToken, spaces: ReadonlySet<string>): XmlNode {
  const [prefix, local] = splitName(token.name);
  if (prefix !== '' && !spaces.has(prefix)) {
    throw new XmlError(`xmlquery: invalid XML document, namespace ${prefix} is missing`);
  }
  const node = new XmlNode('element', local);
  node.prefix = prefix;
  node.attributes = token.attributes.map(({ name, value }) => {
    const [attributePrefix, attributeLocal] = splitName(name);
    return { prefix: attributePrefix, local: attributeLocal, value };
  });
  return node;
}

function leafOf(token: Exclude<XmlToken, { kind: 'start' | 'end' }>): XmlNode {
  switch (token.kind) {
    case 'text':
      return new XmlNode(token.isCdata ? 'cdata' : 'text', token.text);
    case 'comment':
      return new XmlNode('comment', token.text);
    case 'directive':
      return new XmlNode('directive', token.text);
    case 'instruction': {
      const attributes: TreeAttribute[] = [];
      for (const pair of token.text.split(' ').map((part) => part.trim())) {
        const at = pair.indexOf('=');
        if (at <= 0) continue;
        const [prefix, local] = splitName(pair.slice(0, at));
        const value = pair.slice(at + 1).replace(/^["']+|["']+$/g, '');
        if (!attributes.some((a) => a.prefix === prefix && a.local === local)) {
          attributes.push({ prefix, local, value });
        }
      }
      if (token.target === 'xml') return declaration(attributes);
      const node = new XmlNode('instruction', token.target);
      node.instruction = token.text.trim();
      node.attributes = attributes;
      return node;
    }
  }
}

function declaration(attributes: TreeAttribute[]): XmlNode {
  const node = new XmlNode('declaration', 'xml');
  node.attributes = attributes;
  return node;
}
