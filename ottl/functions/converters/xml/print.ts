import type { XmlNode } from './tree.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char]!);
}

function attributesText(node: XmlNode): string {
  return node.attributes
    .map(({ prefix, local, value }) => {
      const name = prefix === '' ? local : `${prefix}:${local}`;
      return ` ${name}="${escaped(value)}"`;
    })
    .join('');
}

/** How much may be printed: nodes that stand in several places could make a small text huge. */
const maxNodes = 1_000_000;

/** The XML of what is in a node. @throws Error beyond a million nodes */
export function printChildren(node: XmlNode): string {
  const left = { nodes: maxNodes };
  let out = '';
  for (let child = node.first; child !== undefined; child = child.next) out += print(child, left);
  return out;
}

function print(node: XmlNode, left: { nodes: number }): string {
  left.nodes -= 1;
  if (left.nodes < 0) throw new Error(`cannot print more than ${maxNodes} XML nodes`);
  switch (node.kind) {
    case 'text':
      return escaped(node.data);
    case 'cdata':
      return `<![CDATA[${node.data}]]>`;
    case 'comment':
      return `<!--${node.data}-->`;
    case 'directive':
      return `<!${node.data}>`;
    case 'instruction':
      return node.instruction === '' ? `<?${node.data}?>` : `<?${node.data} ${node.instruction}?>`;
    case 'declaration':
      return `<?${node.data}${attributesText(node)}?>`;
    default: {
      const name = node.prefix === '' ? node.data : `${node.prefix}:${node.data}`;
      let out = `<${name}${attributesText(node)}>`;
      for (let child = node.first; child !== undefined; child = child.next) {
        out += print(child, left);
      }
      return `${out}</${name}>`;
    }
  }
}
