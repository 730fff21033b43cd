import type { Value, ValueMap } from '../../expr/index.ts';

/** Decodes `%41`. @throws Error for `%` without two hexadecimal digits */
function decodePercent(text: string, plusIsSpace: boolean): string {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text);
  if (wrong !== null) throw new Error(`invalid URL escape ${JSON.stringify(wrong[0])}`);
  const spaced = plusIsSpace ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  const bytes = spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  );
  return bytes;
}

/** Values of a query by name. @param strict whether faults are thrown, else their pairs left out */
function parseQuery(query: string, strict: boolean): Map<string, Value[]> {
  const values = new Map<string, Value[]>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    try {
      if (pair.includes(';')) throw new Error('invalid semicolon separator in query');
      const at = pair.indexOf('=');
      const key = decodePercent(at < 0 ? pair : pair.slice(0, at), true);
      const value = at < 0 ? '' : decodePercent(pair.slice(at + 1), true);
      const list = values.get(key);
      if (list === undefined) values.set(key, [value]);
      else list.push(value);
    } catch (error) {
      if (strict) throw error;
    }
  }
  return values;
}

const authorityPattern = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:]*)(?::(.*))?$/s;

interface Authority {
  readonly user: string;
  readonly host: string;
  readonly port: string;
}

function parseAuthority(text: string): Authority {
  const at = text.lastIndexOf('@');
  const userInfo = at < 0 ? '' : text.slice(0, at);
  const found = authorityPattern.exec(text.slice(at + 1));
  const [, , host = '', port = ''] = found ?? [];
  if (found === null || !/^\d*$/.test(port)) {
    throw new Error(`invalid port ${JSON.stringify(`:${port}`)} after host`);
  }
  if (/[\s<>"]/.test(host)) throw new Error('invalid character in host name');
  if (!/^[\w\-.~!$&'()*+,;=:%@]*$/.test(userInfo)) throw new Error('net/url: invalid userinfo');
  const colon = userInfo.indexOf(':');
  return {
    user: decodePercent(colon < 0 ? userInfo : userInfo.slice(0, colon), false),
    host: decodePercent(host.replace(/^\[(.*)\]$/s, '$1'), false),
    port,
  };
}

const plainPath = /^(?:[\w\-.~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/;

/** A path with what may not stand in one escaped. */
function escapePath(path: string): string {
  if (plainPath.test(path)) return path;
  return encodeURI(decodePercent(path, false)).replace(/[?#!'()*]/g, (c) => {
    return `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/**
 * Takes a URI (absolute, or an absolute path) or a query (`?a=b`) apart.
 * @returns `scheme`, `user`, `host`, `port`, `path`, `query`, those that are there
 * @throws Error
 */
export function parseUri(text: string): ValueMap {
  const out: ValueMap = new Map();
  if (text.startsWith('?')) return withQuery(out, parseQuery(text.slice(1), true));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x1f\x7f]/.test(text)) throw new Error('invalid control character in URL');
  if (text === '') throw new Error('empty url');
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(text)?.[1]?.toLowerCase() ?? '';
  if (text.startsWith(':')) throw new Error('missing protocol scheme');
  let rest = scheme === '' ? text : text.slice(scheme.length + 1);
  const mark = rest.indexOf('?');
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  if (mark >= 0) rest = rest.slice(0, mark);
  if (!rest.startsWith('/') && scheme === '' && text !== '*') {
    throw new Error('invalid URI for request');
  }
  const opaque = !rest.startsWith('/') && text !== '*';
  let authority: Authority = { user: '', host: '', port: '' };
  if (scheme !== '' && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    authority = parseAuthority(rest.slice(2, slash < 0 ? undefined : slash));
    rest = slash < 0 ? '' : rest.slice(slash);
  }
  const path = opaque ? '' : escapePath(rest);
  if (!opaque) decodePercent(rest, false);
  for (const [key, value] of Object.entries({ scheme, ...authority, path })) {
    if (value !== '') out.set(key, value);
  }
  return withQuery(out, parseQuery(query, false));
}

function withQuery(out: ValueMap, values: Map<string, Value[]>): ValueMap {
  if (values.size > 0) out.set('query', values);
  return out;
}
