import { OttlRuntimeError } from '../../../errors.ts';
import type { OttlList, OttlMap } from '../../../values.ts';
import { trimSpace } from '../go-text.ts';
import { splitName, XmlError, XmlReader, type XmlToken } from './tokens.ts';
import { parseTree, type XmlNode } from './tree.ts';

const maxDepth = 10_000;

type StartToken = Extract<XmlToken, { kind: 'start' }>;

/** One element as a map: tag, content, attributes, children. Names lose their prefixes. */
function elementMap(start: StartToken, reader: XmlReader): OttlMap {
  const top = openElement(start);
  const open = [top];
  for (;;) {
    const token = reader.next();
    if (token === undefined) throw new XmlError('unexpected EOF');
    const current = open.at(-1)!;
    if (token.kind === 'text') current.content += trimSpace(token.text);
    else if (token.kind === 'start') {
      const child = openElement(token);
      current.children.push(child.map);
      open.push(child);
      if (open.length > maxDepth + 1) {
        throw new XmlError(`exceeded maximum XML nesting depth of ${maxDepth}`);
      }
    } else if (token.kind === 'end') {
      closeElement(current);
      open.pop();
      if (open.length === 0) return top.map;
    }
  }
}

interface OpenElement {
  readonly map: OttlMap;
  readonly attributes: OttlMap;
  readonly children: OttlList;
  content: string;
}

function openElement({ name, attributes }: StartToken): OpenElement {
  const map: OttlMap = new Map([['tag', splitName(name)[1]]]);
  const values: OttlMap = new Map();
  for (const attribute of attributes) values.set(splitName(attribute.name)[1], attribute.value);
  return { map, attributes: values, children: [], content: '' };
}

function closeElement({ map, attributes, children, content }: OpenElement): void {
  if (content !== '') map.set('content', content);
  if (attributes.size > 0) map.set('attributes', attributes);
  if (children.length > 0) map.set('children', children);
}

/** The one element of an XML text as nested maps. @throws OttlRuntimeError */
export function parseXml(text: string): OttlMap {
  const reader = new XmlReader(text);
  try {
    for (;;) {
      const token = reader.next();
      if (token === undefined) throw new XmlError('EOF');
      if (token.kind !== 'start') continue;
      const map = elementMap(token, reader);
      if (reader.at === reader.length) return map;
      break;
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new OttlRuntimeError(`unmarshal xml: ${error.message}`);
  }
  throw new OttlRuntimeError('trailing bytes after parsing xml');
}

/** The first text of an element without elements in it. */
function leafValue(node: XmlNode): string {
  let found: string | undefined;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.kind === 'element') return '';
    if (child.kind === 'text' || child.kind === 'cdata') found ??= child.data;
  }
  return found ?? '';
}

function simplified(parent: XmlNode, depth: number): OttlMap {
  if (depth > maxDepth) {
    throw new OttlRuntimeError(`exceeded maximum XML nesting depth of ${maxDepth}`);
  }
  const result: OttlMap = new Map();
  const counts = new Map<string, number>();
  for (let child = parent.first; child !== undefined; child = child.next) {
    if (child.kind === 'element') counts.set(child.data, (counts.get(child.data) ?? 0) + 1);
  }
  for (let child = parent.first; child !== undefined; child = child.next) {
    if (child.kind !== 'element' || child.first === undefined) continue;
    const name = child.data;
    const leaf = leafValue(child);
    const isRepeated = counts.get(name)! > 1;
    if (isRepeated && !result.has(name)) result.set(name, []);
    const value = leaf === '' ? simplified(child, depth + 1) : leaf;
    if (value instanceof Map && value.size === 0) continue;
    if (isRepeated) (result.get(name) as OttlList).push(value);
    else result.set(name, value);
  }
  return result;
}

/** Elements by their names, texts as texts, repeated ones as lists; attributes are left out. */
export function parseSimplifiedXml(text: string): OttlMap {
  return simplified(parseTree(text), 0);
}
