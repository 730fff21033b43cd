const token = /\s+|"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gy;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON with `"?"` in place of all values and without spaces; a text that is no JSON stays. */
export function maskJson(text: string): string {
  if (!isJson(text)) return text;
  const inObject: boolean[] = [];
  let isKey = false;
  let out = '';
  for (const [part] of text.matchAll(token)) {
    switch (part[0]) {
      case '{':
      case '[':
        inObject.push(part === '{');
        isKey = part === '{';
        out += part;
        break;
      case '}':
      case ']':
        inObject.pop();
        out += part;
        break;
      case ',':
        isKey = inObject.at(-1) === true;
        out += part;
        break;
      case ':':
        isKey = false;
        out += part;
        break;
      default:
        if (/^\s/.test(part)) continue;
        out += isKey ? part : '"?"';
    }
  }
  return out;
}
