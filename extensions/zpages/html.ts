const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char]!);
}

/** A piece of HTML; everything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Cell = string | Html;

const inner = (cell: Cell) => (cell instanceof Html ? cell.text : escapeHtml(cell));

/** A link; the query's values are encoded. */
export function link(path: string, query: Readonly<Record<string, string>>, label: string): Html {
  const params = new URLSearchParams(query).toString();
  const href = escapeHtml(params === '' ? path : `${path}?${params}`);
  return new Html(`<a href="${href}">${escapeHtml(label)}</a>`);
}

/** Several pieces below each other. */
export function lines(parts: readonly Cell[]): Html {
  return new Html(parts.map(inner).join('<br>'));
}

/** Text as it is written, escaped. */
export function preformatted(text: string): Html {
  return new Html(`<pre>${escapeHtml(text)}</pre>`);
}

/** A heading of the third level. */
export function heading(text: Cell): Html {
  return new Html(`<h3>${inner(text)}</h3>`);
}

/** @param header names of the columns; none = no line for them */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const head = header.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${inner(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  return new Html(`<table>\n${head === '' ? '' : `<tr>${head}</tr>\n`}${body}\n</table>`);
}

const style =
  'body{font:14px/1.4 sans-serif;margin:1.5em}table{border-collapse:collapse}' +
  'td,th{padding:.2em .8em;text-align:left;vertical-align:top}' +
  'tr:nth-child(odd) td{background:#eee}';

/** A whole page. */
export function page(title: string, parts: readonly Html[]): string {
  const name = escapeHtml(title);
  const head = `<meta charset="utf-8"><title>${name}</title><style>${style}</style>`;
  const body = parts.map(({ text }) => text).join('\n');
  return `<!DOCTYPE html>\n<html lang="en"><head>${head}</head>\n<body><h2>${name}</h2>\n${body}\n</body></html>\n`;
}
