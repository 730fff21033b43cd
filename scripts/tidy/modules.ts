import { keyOf } from './exceptions.ts';
import { isCode, isTest, type SourceFile } from './files.ts';
import { importedBy, ofTests } from './imports.ts';

/**
 * Circles of imports that are there where the program runs: which file is loaded first decides what
 * the others see. Types alone may go in circles.
 * @returns what is wrong, by the key of the files of a circle
 */
export function findCycles(files: readonly SourceFile[]): ReadonlyMap<string, string> {
  const edges = new Map<string, readonly string[]>();
  for (const file of files) edges.set(file.path, importedBy(file));
  const found = new Map<string, string>();
  for (const circle of circles(edges)) {
    const key = keyOf(circle);
    found.set(key, `${key}: import each other`);
  }
  return found;
}

/** Sets of at least two nodes that all reach each other (Tarjan, SIAM J. Comput. 1, 1972). */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const found: string[][] = [];
  const visit = (node: string): void => {
    const number = order.size;
    order.set(node, number);
    low.set(node, number);
    path.push(node);
    onPath.add(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (onPath.has(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== number) return;
    const circle = path.splice(path.indexOf(node));
    for (const one of circle) onPath.delete(one);
    if (circle.length > 1) found.push(circle);
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}

const variable = /^(?:export )?let .*$/m;
/** A table without a word that nothing is added to it: its type says ReadonlyMap where that is so. */
const growing =
  /^(?:export )?const \w+(?:: (?:Map|Set)<.*>)? = new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\);/m;

/**
 * What changes at the top level of the program's files: two graphs in one process would share it.
 * @returns what is wrong, by file
 */
export function findState(files: readonly SourceFile[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { path, text } of files) {
    if (!isCode(path) || !/\.tsx?$/.test(path) || isTest(path) || ofTests.test(path)) continue;
    const match = variable.exec(text) ?? growing.exec(text);
    if (match === null) continue;
    found.set(path, `${path}: changes at its top level: ${match[0]}`);
  }
  return found;
}
