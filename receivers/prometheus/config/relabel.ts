import { z } from 'zod';
import { regexpFault } from '../../../pdata/regexp/index.ts';
import type { Report } from './http-client.ts';
import { text } from './text.ts';

export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

/** What a rule does; written in any case. */
export type RelabelAction = (typeof relabelActions)[number];

const defaults = { separator: ';', regex: '(.*)', replacement: '$1' } as const;

/** One rule of relabel_configs or metric_relabel_configs. */
export const relabelRule = z.strictObject({
  source_labels: z.array(z.string()).optional().describe('labels whose values are joined'),
  separator: text().prefault(defaults.separator).describe('what joins them'),
  regex: text().prefault(defaults.regex).describe('what the whole joined text has to match'),
  modulus: z.int().min(0).default(0).describe('of the hash, for hashmod'),
  target_label: text().prefault('').describe('label that is written'),
  replacement: text().prefault(defaults.replacement).describe('its value; $1 = first group'),
  action: z
    .string()
    .default('replace')
    .transform((text, ctx): RelabelAction => {
      const action = relabelActions.find((one) => one === text.toLowerCase());
      if (action !== undefined) return action;
      const message = `unknown relabel action ${JSON.stringify(text)}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe(relabelActions.join(', ')),
});

/** A rule as it is decoded, not compiled. */
export type RelabelRule = z.output<typeof relabelRule>;

const writes = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal']);
const plain = new Set(['lowercase', 'uppercase', 'keepequal', 'dropequal']);
const legacyName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const legacyTemplate = /^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$/;

/** Checks a rule as Prometheus does. @param utf8 whether names may have all characters */
export function checkRelabel(rule: RelabelRule, utf8: boolean, report: Report): void {
  const { action, target_label: target, replacement } = rule;
  const fault = regexpFault(`^(?s:${rule.regex})$`);
  if (fault !== undefined) report(['regex'], `invalid regex: ${fault}`);
  if (action === 'hashmod' && rule.modulus === 0) {
    report(['modulus'], 'relabel configuration for hashmod requires non-zero modulus');
  }
  if (writes.has(action) && target === '') {
    const message = `relabel configuration for ${action} action requires 'target_label' value`;
    report(['target_label'], message);
    return;
  }
  const quoted = JSON.stringify;
  const isName = (text: string) => text !== '' && (utf8 || legacyName.test(text));
  const isTemplate = (text: string) => text !== '' && (utf8 || legacyTemplate.test(text));
  const fits = action === 'replace' && target.includes('$') ? isTemplate(target) : isName(target);
  if (writes.has(action) && !fits) {
    report(['target_label'], `${quoted(target)} is invalid 'target_label' for ${action} action`);
  }
  if (plain.has(action) && replacement !== defaults.replacement) {
    report(['replacement'], `'replacement' can not be set for ${action} action`);
  }
  if (action === 'labelmap' && !isTemplate(replacement)) {
    report(['replacement'], `${quoted(replacement)} is invalid 'replacement' for labelmap action`);
  }
  checkSuperfluous(rule, report);
}

function checkSuperfluous(rule: RelabelRule, report: Report): void {
  const { action } = rule;
  const usual =
    rule.modulus === 0 &&
    rule.separator === defaults.separator &&
    rule.replacement === defaults.replacement;
  const equal = action === 'keepequal' || action === 'dropequal';
  if (equal && !(usual && rule.regex === defaults.regex)) {
    const what = "requires only 'source_labels' and `target_label`, and no other fields";
    report(['action'], `${action} action ${what}`);
  }
  const bare = rule.source_labels === undefined && rule.target_label === '';
  if ((action === 'labeldrop' || action === 'labelkeep') && !(usual && bare)) {
    report(['action'], `${action} action requires only 'regex', and no other fields`);
  }
}
