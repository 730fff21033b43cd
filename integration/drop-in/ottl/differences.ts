import { reasonOf } from './meant.ts';
import type { Group } from './model.ts';
import type { Results } from './play.ts';

/** How many results there are, and a text for each that differs. */
export interface Differences {
  readonly total: number;
  /** How many differ as they are meant to. */
  readonly meant: number;
  readonly lines: string[];
}

function shown(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}

/** Compares what two programs gave for some groups. */
export function differences(groups: readonly Group[], ours: Results, theirs: Results): Differences {
  const lines: string[] = [];
  let total = 0;
  let meant = 0;
  const check = (what: string, input: unknown, mine: unknown, wanted: unknown): void => {
    total += 1;
    if (shown(mine) === shown(wanted)) return;
    if (reasonOf(what, input) !== undefined) {
      meant += 1;
      return;
    }
    lines.push(`${what}\n  on   ${shown(input)}\n  here ${shown(mine)}\n  peer ${shown(wanted)}`);
  };
  for (const group of groups) {
    group.inputs.forEach((input, i) => {
      (group.expressions ?? []).forEach((text, k) => {
        const of = (results: Results): unknown => results[group.name]?.[i]?.[`r${k}`];
        check(text, input, of(ours), of(theirs));
      });
      (group.statements ?? []).forEach((text, k) => {
        const of = (results: Results): unknown => results[`${group.name} ${k}`]?.[i];
        check(text, input, of(ours), of(theirs));
      });
    });
  }
  return { total, meant, lines };
}
