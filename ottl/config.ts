import { z } from 'zod';
import type { Environment } from './functions/types.ts';
import type { ErrorMode } from './sequence.ts';
import { errorMode } from './sequence.ts';

/** For conditions and statements that are compiled only to be checked: nothing is evaluated. */
export const checkEnvironment: Environment = {
  clock: { unixMs: () => 0 },
  random: { bytes: (length) => new Uint8Array(length) },
};

/** `error_mode` as it is written. */
export const errorModeText = z.string().transform((text, ctx): ErrorMode => {
  const mode = errorMode(text);
  if (mode !== undefined) return mode;
  ctx.addIssue({ code: 'custom', message: `unknown error mode ${text.toLowerCase()}` });
  return z.NEVER;
});

const contextNames = [
  'resource',
  'scope',
  'span',
  'spanevent',
  'metric',
  'datapoint',
  'log',
  'profile',
] as const;

type GroupContext = (typeof contextNames)[number];

/** `context` of a group; in any case. */
export const groupContext = z.string().transform((text, ctx): GroupContext => {
  const name = contextNames.find((known) => known === text.toLowerCase());
  if (name !== undefined) return name;
  ctx.addIssue({ code: 'custom', message: `unknown context ${text.toLowerCase()}` });
  return z.NEVER;
});

/** Conditions or statements, in their order. */
export const texts = (what: string) => z.array(z.string()).describe(what);

const mixed =
  'configuring multiple configuration styles is not supported, please use only Basic configuration or only Advanced configuration';

/**
 * A list of texts (one group whose context is inferred) or of groups.
 * @param group the group that texts make
 * @param textsLast whether texts may follow groups
 * @param empty what is said of an empty entry
 */
export function groupList<G extends z.ZodType>(
  item: G,
  group: (lines: string[]) => z.output<G>,
  textsLast: boolean,
  empty: string,
) {
  return z.array(z.union([z.null(), z.string(), item])).transform((list, ctx): z.output<G>[] => {
    const lines: string[] = [];
    const groups: z.output<G>[] = [];
    for (const entry of list) {
      if (entry === null) {
        ctx.addIssue({ code: 'custom', message: empty });
        return z.NEVER;
      }
      if (typeof entry === 'string') {
        if (groups.length > 0 && !textsLast) {
          ctx.addIssue({ code: 'custom', message: mixed });
          return z.NEVER;
        }
        lines.push(entry);
      } else if (lines.length > 0) {
        ctx.addIssue({ code: 'custom', message: mixed });
        return z.NEVER;
      } else groups.push(entry as z.output<G>);
    }
    return lines.length === 0 ? groups : [...groups, group(lines)];
  });
}
