import { OttlRuntimeError } from '../../../errors.ts';
import type { OttlValue } from '../../../values.ts';
import { defineFunction, type Evaluate, type Getter, type OttlFunction } from '../../types.ts';
import { parseSimplifiedXml, parseXml } from './parse-xml.ts';
import { printChildren } from './print.ts';
import { addChild, innerText, parseTree, removeAttribute, removeNode, XmlNode } from './tree.ts';
import { selectNodes } from './xpath-eval.ts';
import { parseXPath } from './xpath-parse.ts';

/** Finds the nodes of an XPath in a document. */
type Select = (root: XmlNode) => XmlNode[];

function selector(xPath: string): Select {
  try {
    const expression = parseXPath(xPath);
    return (root) => selectNodes(expression, root);
  } catch (error) {
    throw new Error(`invalid xpath: ${(error as Error).message}`);
  }
}

function runtime(run: () => OttlValue): OttlValue {
  try {
    return run();
  } catch (error) {
    if (error instanceof OttlRuntimeError) throw error;
    throw new OttlRuntimeError((error as Error).message);
  }
}

/** A converter of an XML text; '' is itself where `emptyIsEmpty`. */
function converting(
  target: Getter<string>,
  convert: (text: string) => OttlValue,
  emptyIsEmpty = false,
): Evaluate {
  return (place) => {
    const text = target.get(place);
    return emptyIsEmpty && text === '' ? '' : runtime(() => convert(text));
  };
}

function getXml(text: string, select: Select): string {
  const result = new XmlNode('document');
  for (const node of select(parseTree(text))) {
    if (node.kind === 'element' || node.kind === 'text') addChild(result, node);
    else if (node.kind === 'attribute' || node.kind === 'cdata') {
      addChild(result, new XmlNode('text', innerText(node)));
    }
  }
  return printChildren(result);
}

function removeXml(text: string, select: Select): string {
  const top = parseTree(text);
  for (const node of select(top)) {
    if (node.kind === 'attribute') removeAttribute(node.parent!, node.data);
    else if (node.kind === 'text') node.data = '';
    else if (['element', 'comment', 'cdata'].includes(node.kind)) removeNode(node);
  }
  return printChildren(top);
}

function insertXml(text: string, select: Select, subText: string): string {
  const top = text === '' ? new XmlNode('element') : parseTree(text);
  const sub = parseTree(subText);
  for (const node of select(top)) {
    if (node.kind !== 'element' && node.kind !== 'document') {
      throw new OttlRuntimeError(`InsertXML XPath selected non-element: "${node.data}"`);
    }
    let child = sub.first;
    while (child !== undefined) {
      const following: XmlNode | undefined = child.next;
      addChild(node, child);
      child = following;
    }
  }
  return printChildren(top);
}

function attributesToElements(text: string, select: Select): string {
  const top = parseTree(text);
  for (const node of select(top)) {
    if (node.kind !== 'attribute') continue;
    const element = new XmlNode('element', node.data);
    addChild(element, new XmlNode('text', innerText(node)));
    addChild(node.parent!, element);
    removeAttribute(node.parent!, node.data);
  }
  return printChildren(top);
}

/** Wraps texts that stand beside other texts or elements. */
function wrapTexts(parent: XmlNode, name: string): void {
  if (parent.kind !== 'element' && parent.kind !== 'document') return;
  let texts = 0;
  let elements = 0;
  for (let child = parent.first; child !== undefined; child = child.next) {
    if (child.kind === 'text') texts += 1;
    if (child.kind !== 'element') continue;
    elements += 1;
    wrapTexts(child, name);
  }
  if (texts === 0 || texts + elements <= 1) return;
  for (let child = parent.first; child !== undefined; child = child.next) {
    if (child.kind === 'text') replaceByElement(child, name);
  }
}

function replaceByElement(text: XmlNode, name: string): void {
  const inner = new XmlNode('text', text.data);
  inner.parent = text;
  text.kind = 'element';
  text.data = name;
  text.first = inner;
  text.last = inner;
}

function textsToElements(text: string, select: Select, name: string): string {
  const top = parseTree(text);
  for (const node of select(top)) wrapTexts(node, name);
  return printChildren(top);
}

/** ParseXML, ParseSimplifiedXML, GetXML, InsertXML, RemoveXML and the two that make elements. */
export const xmlConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'ParseXML',
    parameters: [{ name: 'target', type: 'string' }],
    make: ({ target }) => converting(target, parseXml),
  }),
  defineFunction({
    name: 'ParseSimplifiedXML',
    parameters: [{ name: 'target', type: 'string' }],
    make: ({ target }) => converting(target, parseSimplifiedXml),
  }),
  defineFunction({
    name: 'GetXML',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'x_path', type: 'literalString' },
    ],
    make({ target, x_path }) {
      const select = selector(x_path);
      return converting(target, (text) => getXml(text, select), true);
    },
  }),
  defineFunction({
    name: 'RemoveXML',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'x_path', type: 'literalString' },
    ],
    make({ target, x_path }) {
      const select = selector(x_path);
      return converting(target, (text) => removeXml(text, select), true);
    },
  }),
  defineFunction({
    name: 'InsertXML',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'x_path', type: 'literalString' },
      { name: 'sub_document', type: 'string' },
    ],
    make({ target, x_path, sub_document }) {
      const select = selector(x_path);
      return (place) => {
        const text = target.get(place);
        const sub = sub_document.get(place);
        return runtime(() => insertXml(text, select, sub));
      };
    },
  }),
  defineFunction({
    name: 'ConvertAttributesToElementsXML',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'x_path', type: 'literalString', optional: true },
    ],
    make({ target, x_path }) {
      const select = selector(x_path || '//@*');
      return converting(target, (text) => attributesToElements(text, select));
    },
  }),
  defineFunction({
    name: 'ConvertTextToElementsXML',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'x_path', type: 'literalString', optional: true },
      { name: 'element_name', type: 'literalString', optional: true },
    ],
    make({ target, x_path, element_name }) {
      const select = selector(x_path || '/');
      const name = element_name || 'value';
      return converting(target, (text) => textsToElements(text, select, name));
    },
  }),
];
