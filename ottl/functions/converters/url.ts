import { OttlRuntimeError } from '../../errors.ts';
import { quote } from '../../grammar/quote.ts';
import type { OttlList, OttlMap } from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { parseGoUrl, splitHost, unescapeUrl, urlText, userText } from './go-url.ts';

const toBytes = (text: string): string => Buffer.from(text).toString('latin1');
const toText = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Parameters of a query and their values, in order. @throws Error */
function parseQuery(query: string): OttlMap {
  const result: OttlMap = new Map();
  let fault: Error | undefined;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) {
      fault = new Error('invalid semicolon separator in query');
      continue;
    }
    const at = pair.indexOf('=');
    try {
      const key = toText(unescapeUrl(at < 0 ? pair : pair.slice(0, at), 'query'));
      const value = toText(unescapeUrl(at < 0 ? '' : pair.slice(at + 1), 'query'));
      const values = (result.get(key) ?? []) as OttlList;
      values.push(value);
      result.set(key, values);
    } catch (error) {
      fault ??= error as Error;
    }
  }
  if (fault !== undefined) throw fault;
  return result;
}

/** What stands in a URL, by the names of the semantic conventions. */
function urlParts(text: string): OttlMap {
  const url = parseGoUrl(toBytes(text));
  const { name, port } = splitHost(url.host);
  const parts: OttlMap = new Map([
    ['url.original', toText(urlText(url))],
    ['url.domain', toText(name)],
    ['url.scheme', url.scheme],
    ['url.path', toText(url.path)],
  ]);
  if (port !== '') parts.set('url.port', portNumber(port));
  if (url.fragment !== '') parts.set('url.fragment', toText(url.fragment));
  if (url.user !== undefined) {
    parts.set('url.user_info', toText(userText(url.user)));
    if (url.user.name !== '') parts.set('url.username', toText(url.user.name));
    if (url.user.password !== undefined) parts.set('url.password', toText(url.user.password));
  }
  if (url.query !== '') parts.set('url.query', toText(url.query));
  const dot = url.path.lastIndexOf('.');
  if (dot >= 0 && dot < url.path.length - 1) {
    parts.set('url.extension', toText(url.path.slice(dot + 1)));
  }
  return parts;
}

function portNumber(port: string): bigint {
  const value = BigInt(port);
  if (value >= 1n << 63n) {
    throw new Error(`strconv.Atoi: parsing ${quote(port)}: value out of range`);
  }
  return value;
}

export const urlConverter: OttlFunction = defineFunction({
  name: 'URL',
  // in CamelCase this is URI
  parameters: [{ name: 'u_r_i', type: 'string' }],
  make: ({ u_r_i }) => {
    return (place) => {
      const text = u_r_i.get(place);
      if (text === '') throw new OttlRuntimeError('url cannot be empty');
      try {
        if (!text.startsWith('?')) return urlParts(text);
        const query = parseQuery(toBytes(text.slice(1)));
        return new Map(query.size === 0 ? [] : [['query', query]]);
      } catch (error) {
        throw new OttlRuntimeError(`parse ${quote(text)}: ${(error as Error).message}`);
      }
    };
  },
});
