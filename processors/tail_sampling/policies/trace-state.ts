const simpleKey = /^[a-z][a-z0-9_\-*/]{0,255}$/;
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const value = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const maxMembers = 32;

/**
 * Value of a key in a W3C trace state (https://www.w3.org/TR/trace-context-1/#tracestate-header);
 * '' when it is not there, or when the text is not a valid trace state.
 */
export function traceStateValue(text: string, key: string): string {
  const found = new Map<string, string>();
  for (const member of text.split(',')) {
    if (member === '') continue;
    const at = member.indexOf('=');
    if (at < 0) return '';
    const name = member.slice(0, at).replace(/^[ \t]+/, '');
    const content = member.slice(at + 1).replace(/[ \t]+$/, '');
    if (!simpleKey.test(name) && !tenantKey.test(name)) return '';
    if (!value.test(content) || found.has(name)) return '';
    found.set(name, content);
    if (found.size > maxMembers) return '';
  }
  return found.get(key) ?? '';
}
