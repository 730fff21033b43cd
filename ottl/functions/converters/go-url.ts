/*
 * URLs as Go's net/url reads and writes them (RFC 3986, with its own leniency). Texts in here are
 * bytes: each UTF-16 unit is one byte of UTF-8.
 */

type Part = 'path' | 'user' | 'host' | 'query' | 'fragment';

interface GoUrl {
  scheme: string;
  opaque: string;
  /** undefined without an @; a password of undefined is none, '' an empty one */
  user: { readonly name: string; readonly password: string | undefined } | undefined;
  host: string;
  path: string;
  rawPath: string;
  omitHost: boolean;
  forceQuery: boolean;
  query: string;
  fragment: string;
  rawFragment: string;
}

/** `text` before and after the first `separator`; undefined after it when there is none. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

const unescaped = /^[A-Za-z0-9\-_.~]$/;
const hostCharacters = '!$&\'()*+,;=:[]<>"';

function mustEscape(char: string, part: Part): boolean {
  if (unescaped.test(char)) return false;
  if (part === 'host' && hostCharacters.includes(char)) return false;
  if ('$&+,/:;=?@'.includes(char)) {
    if (part === 'path') return char === '?';
    if (part === 'user') return '@/?:'.includes(char);
    return part !== 'fragment';
  }
  return part !== 'fragment' || !'!()*'.includes(char);
}

function escapeUrl(text: string, part: Part): string {
  let out = '';
  for (const char of text) {
    if (!mustEscape(char, part)) out += char;
    else out += `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** @throws Error */
export function unescapeUrl(text: string, part: Part): string {
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    if (char === '%') {
      const digits = text.slice(i + 1, i + 3);
      const valid = /^[0-9a-fA-F]{2}$/.test(digits);
      const inHost = part === 'host' && valid && Number.parseInt(digits[0]!, 16) < 8;
      if (!valid || (inHost && digits !== '25')) {
        throw new Error(`invalid URL escape ${JSON.stringify(text.slice(i, i + 3))}`);
      }
      out += String.fromCharCode(Number.parseInt(digits, 16));
      i += 2;
    } else if (char === '+' && part === 'query') out += ' ';
    else if (part === 'host' && char < '\x80' && mustEscape(char, 'host')) {
      throw new Error(`invalid character ${JSON.stringify(char)} in host name`);
    } else out += char;
  }
  return out;
}

function isEncoded(text: string, part: Part): boolean {
  for (const char of text) {
    if (!"!$&'()*+,;=:@[]%".includes(char) && mustEscape(char, part)) return false;
  }
  return true;
}

/** @throws Error for a scheme without letters before its colon */
function splitScheme(text: string): [string, string] {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (match !== null) return [match[1]!.toLowerCase(), text.slice(match[0].length)];
  if (text.startsWith(':')) throw new Error('missing protocol scheme');
  return ['', text];
}

const validPort = /^(?::[0-9]*)?$/;

function parseHost(host: string): string {
  const open = host.lastIndexOf('[');
  if (open >= 0) {
    if (open > 0) throw new Error('invalid IP-literal');
    const close = host.lastIndexOf(']');
    if (close < 0) throw new Error("missing ']' in host");
    const port = host.slice(close + 1);
    if (!validPort.test(port)) throw new Error(`invalid port ${JSON.stringify(port)} after host`);
    const zone = host.slice(0, close).indexOf('%25');
    if (zone < 0) return unescapeUrl(host, 'host');
    const zoneText = host
      .slice(zone, close)
      .replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      );
    return unescapeUrl(host.slice(0, zone), 'host') + zoneText + host.slice(close);
  }
  const colon = host.lastIndexOf(':');
  if (colon >= 0 && !validPort.test(host.slice(colon))) {
    throw new Error(`invalid port ${JSON.stringify(host.slice(colon))} after host`);
  }
  return unescapeUrl(host, 'host');
}

function parseAuthority(url: GoUrl, authority: string): void {
  const at = authority.lastIndexOf('@');
  url.host = parseHost(authority.slice(at + 1));
  if (at < 0) return;
  const info = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(info)) {
    throw new Error('net/url: invalid userinfo');
  }
  const [name, password] = cut(info, ':');
  url.user = {
    name: unescapeUrl(name, 'user'),
    password: password === undefined ? undefined : unescapeUrl(password, 'user'),
  };
}

/** @throws Error */
export function parseGoUrl(text: string): GoUrl {
  const [main, fragment] = cut(text, '#');
  const url: GoUrl = {
    scheme: '',
    opaque: '',
    user: undefined,
    host: '',
    path: '',
    rawPath: '',
    omitHost: false,
    forceQuery: false,
    query: '',
    fragment: '',
    rawFragment: '',
  };
  parseMain(url, main);
  if (fragment !== undefined && fragment !== '') {
    url.fragment = unescapeUrl(fragment, 'fragment');
    if (fragment !== escapeUrl(url.fragment, 'fragment')) url.rawFragment = fragment;
  }
  return url;
}

function parseMain(url: GoUrl, main: string): void {
  for (const char of main) {
    if (char < ' ' || char === '\x7f') {
      throw new Error('net/url: invalid control character in URL');
    }
  }
  if (main === '*') {
    url.path = '*';
    return;
  }
  let rest: string;
  [url.scheme, rest] = splitScheme(main);
  if (rest.endsWith('?') && rest.indexOf('?') === rest.length - 1) {
    url.forceQuery = true;
    rest = rest.slice(0, -1);
  } else {
    const [before, query] = cut(rest, '?');
    rest = before;
    url.query = query ?? '';
  }
  if (!rest.startsWith('/')) {
    if (url.scheme !== '') {
      url.opaque = rest;
      return;
    }
    if (cut(rest, '/')[0].includes(':')) {
      throw new Error('first path segment in URL cannot contain colon');
    }
  }
  if ((url.scheme !== '' || !rest.startsWith('///')) && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const end = slash < 0 ? rest.length : slash;
    parseAuthority(url, rest.slice(2, end));
    rest = rest.slice(end);
  } else if (url.scheme !== '' && rest.startsWith('/')) url.omitHost = true;
  url.path = unescapeUrl(rest, 'path');
  if (rest !== escapeUrl(url.path, 'path')) url.rawPath = rest;
}

/** `name:password` as Go writes it before the @, escaped; an empty password keeps its colon. */
export function userText({ name, password }: NonNullable<GoUrl['user']>): string {
  const escaped = escapeUrl(name, 'user');
  return password === undefined ? escaped : `${escaped}:${escapeUrl(password, 'user')}`;
}

/** Host without port and brackets, and the port. */
export function splitHost(host: string): { name: string; port: string } {
  const colon = host.lastIndexOf(':');
  const hasPort = colon >= 0 && validPort.test(host.slice(colon));
  const name = hasPort ? host.slice(0, colon) : host;
  const port = hasPort ? host.slice(colon + 1) : '';
  return name.startsWith('[') && name.endsWith(']')
    ? { name: name.slice(1, -1), port }
    : { name, port };
}

function escapedPath(url: GoUrl): string {
  if (url.rawPath !== '' && isEncoded(url.rawPath, 'path')) return url.rawPath;
  return url.path === '*' ? '*' : escapeUrl(url.path, 'path');
}

/** A URL as text again. */
export function urlText(url: GoUrl): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') out += url.opaque;
  else {
    if (url.scheme !== '' || url.host !== '' || url.user !== undefined) {
      const hostless = url.omitHost && url.host === '' && url.user === undefined;
      if (!hostless) {
        if (url.host !== '' || url.path !== '' || url.user !== undefined) out += '//';
        if (url.user !== undefined) out += `${userText(url.user)}@`;
        out += escapeUrl(url.host, 'host');
      }
    }
    const path = escapedPath(url);
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && cut(path, '/')[0].includes(':')) out += './';
    out += path;
  }
  if (url.forceQuery || url.query !== '') out += `?${url.query}`;
  if (url.fragment === '') return out;
  const encoded = url.rawFragment !== '' && isEncoded(url.rawFragment, 'fragment');
  return `${out}#${encoded ? url.rawFragment : escapeUrl(url.fragment, 'fragment')}`;
}
