import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'yaml';
import { compileRegexp, type GoRegexp } from '../../../pdata/regexp/index.ts';

/** A rule of the file: a pattern and templates that may refer to its groups. */
interface RawRule {
  readonly regex: string;
  readonly regex_flag?: string;
  readonly [replacement: string]: string | undefined;
}

/** Family and version parts of a browser or an operating system; '' where unknown. */
export interface Agent {
  readonly family: string;
  readonly version: string;
}

/** Rules in order; the first that fits counts. Patterns are compiled when first tried. */
class AgentRules {
  private readonly rules: readonly RawRule[];
  private readonly compiled: (GoRegexp | undefined)[];
  private readonly names: readonly string[];

  /** @param names of the templates: the family, then the parts of the version */
  constructor(rules: readonly RawRule[], names: readonly string[]) {
    this.rules = rules;
    this.names = names;
    this.compiled = new Array(rules.length).fill(undefined);
  }

  find(text: string): Agent {
    for (let i = 0; i < this.rules.length; i += 1) {
      const rule = this.rules[i]!;
      this.compiled[i] ??= compileRegexp(withFlags(rule));
      const regexp = this.compiled[i]!;
      const match = regexp.exec(text);
      if (match === undefined) continue;
      const parts = this.names.map((name, k) => {
        return regexp.expand(rule[name] || `$${k + 1}`, match);
      });
      const [family, ...version] = parts as [string, ...string[]];
      if (family !== '') return { family, version: versionText(version) };
    }
    return { family: 'Other', version: '' };
  }
}

function withFlags({ regex, regex_flag }: RawRule): string {
  return regex_flag === undefined ? regex : `(?${regex_flag})${regex}`;
}

/** A part that is missing leaves out its dot only. */
function versionText([major, ...rest]: readonly string[]): string {
  return (major ?? '') + rest.map((part) => (part === '' ? '' : `.${part}`)).join('');
}

/** The rules of uap-core (https://github.com/ua-parser/uap-core). */
export function agentRules(): { readonly browsers: AgentRules; readonly systems: AgentRules } {
  const path = createRequire(import.meta.url).resolve('uap-core/regexes.yaml');
  const text = readFileSync(path, 'utf8');
  // devices are the larger half and are not asked for
  const devices = text.search(/^device_parsers:/m);
  const rules = parse(devices < 0 ? text : text.slice(0, devices)) as {
    readonly user_agent_parsers: readonly RawRule[];
    readonly os_parsers: readonly RawRule[];
  };
  return {
    browsers: new AgentRules(rules.user_agent_parsers, [
      'family_replacement',
      'v1_replacement',
      'v2_replacement',
      'v3_replacement',
    ]),
    systems: new AgentRules(rules.os_parsers, [
      'os_replacement',
      'os_v1_replacement',
      'os_v2_replacement',
      'os_v3_replacement',
      'os_v4_replacement',
    ]),
  };
}
