import { createRequire } from 'node:module';
import type * as re2js from 're2js';
import { withoutNames } from './groups.ts';

/** A regular expression that Go refuses too; the message is Go's. */
export class RegexpError extends Error {
  readonly pattern: string;
  constructor(pattern: string, message: string) {
    super(message);
    this.name = 'RegexpError';
    this.pattern = pattern;
  }
}

/** A pattern on the engine whose time is linear in the text, and its groups' names from 1 on. */
export interface General {
  readonly engine: re2js.RE2JS;
  readonly names: readonly string[];
}

/**
 * Compiles a pattern for the general engine.
 *
 * @throws RegexpError with Go's message, e.g. "error parsing regexp: missing closing ): `a(b`"
 */
export function compileGeneral(pattern: string): General {
  // loaded with the first pattern: most processes have one, tests and tools often none
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof re2js;
  const compile = (text: string): re2js.RE2JS => {
    try {
      return RE2JS.compile(text);
    } catch (error) {
      throw new RegexpError(pattern, goMessage((error as Error).message));
    }
  };
  try {
    const engine = compile(pattern);
    const names: string[] = new Array(engine.groupCount()).fill('');
    for (const [name, index] of Object.entries(engine.namedGroups())) names[index - 1] = name;
    return { engine, names };
  } catch (error) {
    // Go lets groups share a name
    if (!(error as Error).message.includes('duplicate capture group name')) throw error;
    const { nameless, names } = withoutNames(pattern);
    return { engine: compile(nameless), names };
  }
}

function goMessage(message: string): string {
  if (message.endsWith('trailing backslash at end of expression')) return `${message}: \`\``;
  // a name that the text ends before
  const cut = /invalid named capture: `\(\?(P?)<`$/.exec(message);
  if (cut === null) return message;
  const shown = cut[1] === 'P' ? '(?P' : '(?<';
  return message.replace(cut[0], `invalid or unsupported Perl syntax: \`${shown}\``);
}
