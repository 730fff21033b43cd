import { z } from 'zod';
import { type Headers, Secret } from '../schema/index.ts';

/**
 * Extra headers: a map of name to value, or a list of {name, value} in which a name may not come
 * twice. Values are secret. What HTTP cannot send is told by {@link sendable}, when it is used.
 */
export function headerList() {
  const value = z.string().meta({ secret: true });
  const list = z.array(z.strictObject({ name: z.string().nullish(), value: value.nullish() }));
  return z.union([z.record(z.string(), value), list]).transform((given, ctx): Headers => {
    const pairs = Array.isArray(given)
      ? given.map((h) => [h.name ?? '', h.value ?? ''] as const)
      : Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
    const names = pairs.map(([name]) => name);
    const twice = [...new Set(names.filter((name, i) => names.indexOf(name) < i))].sort();
    if (twice.length > 0) {
      const message = `duplicate keys in map-style list: [${twice.join(' ')}]`;
      ctx.addIssue({ code: 'custom', message });
    }
    return pairs.map(([name, text]) => [name, new Secret(text)] as const);
  });
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const forbidden = /[\0\r\n]/;

/**
 * Headers as they are sent: names in lower case.
 * @throws Error that names a header that HTTP cannot carry; values are not shown
 */
export function sendable(headers: Headers): (readonly [name: string, value: string])[] {
  return headers.map(([name, value]) => {
    const text = value.reveal();
    if (!headerName.test(name)) {
      throw new Error(`cannot send headers: invalid header name ${JSON.stringify(name)}`);
    }
    if (forbidden.test(text)) {
      const quoted = JSON.stringify(name);
      throw new Error(`cannot send headers: the value of ${quoted} contains a line break`);
    }
    return [name.toLowerCase(), text] as const;
  });
}
