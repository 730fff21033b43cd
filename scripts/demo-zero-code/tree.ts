import type { JudgedSpan } from './judge.ts';

/** A trace as an indented tree, a line a span: service, operation, time, where seen, why linked. */
export function treeOf(spans: readonly JudgedSpan[]): string {
  const ids = new Set(spans.map((span) => span.id));
  const children = new Map<string, JudgedSpan[]>();
  for (const span of spans) {
    const parent = ids.has(span.parent) ? span.parent : '';
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [span]);
    else list.push(span);
  }
  const lines: string[] = [];
  const visit = (parent: string, depth: number): void => {
    const list = children.get(parent) ?? [];
    for (const span of list.toSorted((a, b) => Number(a.startNs - b.startNs))) {
      lines.push(line(span, depth));
      visit(span.id, depth + 1);
    }
  };
  visit('', 0);
  return lines.join('\n');
}

function line(span: JudgedSpan, depth: number): string {
  const at = span.attributes;
  const what = `${'  '.repeat(depth)}${span.service} ${span.name}`.padEnd(60);
  const ms = `${(Number(span.durationNs) / 1e6).toFixed(2)} ms`.padStart(10);
  const point = (at.get('wirestitch.observation_point') ?? 'sdk').padEnd(15);
  const rule = at.get('wirestitch.stitch.rule') ?? '';
  const evidence = at.get('wirestitch.stitch.evidence') ?? '';
  const why = rule === '' ? (at.get('wirestitch.stitch.unlinked') ?? '') : `${rule} ${evidence}`;
  return `${what} ${ms}  ${point} ${why}`.trimEnd();
}
