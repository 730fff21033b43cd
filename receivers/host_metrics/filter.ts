import { z } from 'zod';
import { compileRegexp } from '../../pdata/regexp/index.ts';

const cache = z.strictObject({
  cacheenabled: z.boolean().default(false).describe('accepted; nothing is cached here'),
  cachemaxnumentries: z.int().default(0).describe('accepted; nothing is cached here'),
});

/** Keys of a filter by name; `key` holds the names. */
function filterKeys(key: string, what: string) {
  return {
    match_type: z.string().default('').describe('strict, or regexp (found anywhere in the name)'),
    regexp: cache.nullish().describe('how patterns are kept'),
    [key]: z.array(z.string()).default([]).describe(what),
  };
}

type NameTest = (name: string) => boolean;

/** A section with names; decodes to a test, undefined when it has no names. */
export function nameFilter(key: string, what: string) {
  return z
    .strictObject(filterKeys(key, what))
    .prefault({})
    .transform((given, ctx): NameTest | undefined => {
      const names = given[key] as string[];
      if (names.length === 0) return undefined;
      const type = given.match_type as string;
      if (type === 'strict') {
        const set = new Set(names);
        return (name) => set.has(name);
      }
      if (type !== 'regexp') {
        const message = `unrecognized match_type: '${type}', valid types are: [regexp strict]`;
        ctx.addIssue({ code: 'custom', path: ['match_type'], message });
        return z.NEVER;
      }
      try {
        const patterns = names.map((name) => compileRegexp(name));
        return (name) => patterns.some((pattern) => pattern.test(name));
      } catch (error) {
        ctx.addIssue({ code: 'custom', path: [key], message: (error as Error).message });
        return z.NEVER;
      }
    });
}

/** Whether a name passes an include and an exclude filter. */
export function passes(
  name: string,
  include: NameTest | undefined,
  exclude: NameTest | undefined,
): boolean {
  return (include?.(name) ?? true) && !(exclude?.(name) ?? false);
}
