import { rules } from './span.ts';
import type { Work } from './work.ts';

const strength = new Map(rules.map((rule, i) => [rule, i]));

/** Takes the weakest links out of every circle; where several are equally weak, all of them. */
export function breakCycles(work: Work): void {
  const seen = new Int32Array(work.spans.length);
  let walk = 0;
  for (const from of work.order) {
    walk++;
    let at = from;
    while (at !== -1 && seen[at] === 0) {
      seen[at] = walk;
      at = work.parent[at]!;
    }
    if (at !== -1 && seen[at] === walk) breakCycle(work, at);
  }
}

function breakCycle(work: Work, from: number): void {
  const members: number[] = [];
  let at = from;
  do {
    members.push(at);
    at = work.parent[at]!;
  } while (at !== from);
  const strengthOf = (i: number): number => strength.get(work.rule[i]!)!;
  const weakest = Math.max(...members.map(strengthOf));
  for (const i of members) if (strengthOf(i) === weakest) work.unlink(i, 'cycle');
}
