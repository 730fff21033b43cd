/** A replacement template: texts and references to groups, by number or by name. */
export type TemplatePart = string | { readonly group: number } | { readonly name: string };

/**
 * Reads a template of Go's Regexp.Expand: `$1`, `${1}`, `$name`, `${name}`; `$$` is one dollar, and
 * a dollar that begins none of these stands for itself. The longest name counts: `$1x` is `${1x}`.
 */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = '';
  let at = 0;
  while (at < template.length) {
    const dollar = template.indexOf('$', at);
    if (dollar < 0) break;
    text += template.slice(at, dollar);
    at = dollar + 1;
    if (template[at] === '$') {
      text += '$';
      at += 1;
      continue;
    }
    const found = /^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u.exec(template.slice(at));
    if (found === null) {
      text += '$';
      continue;
    }
    if (text !== '') parts.push(text);
    text = '';
    parts.push(reference((found[1] ?? found[2])!));
    at += found[0].length;
  }
  text += template.slice(at);
  if (text !== '') parts.push(text);
  return parts;
}

function reference(name: string): TemplatePart {
  // a leading zero makes a name of it, as does a number beyond any group
  return /^(?:0|[1-9][0-9]{0,8})$/.test(name) ? { group: Number(name) } : { name };
}

/** The text of a template for one match. @param names of the groups from 1 on, '' where none */
export function expand(
  parts: readonly TemplatePart[],
  groups: readonly (string | undefined)[],
  names: readonly string[],
): string {
  let out = '';
  for (const part of parts) {
    if (typeof part === 'string') out += part;
    else if ('group' in part) out += groups[part.group] ?? '';
    else out += groupNamed(part.name, groups, names);
  }
  return out;
}

function groupNamed(
  name: string,
  groups: readonly (string | undefined)[],
  names: readonly string[],
): string {
  // of groups with one name the first that took part
  for (let i = 0; i < names.length; i += 1) {
    const group = groups[i + 1];
    if (names[i] === name && group !== undefined) return group;
  }
  return '';
}
