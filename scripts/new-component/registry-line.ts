import type { Kind } from '../../component/factory.ts';

/**
 * Adds a component to the text of gateway/components.ts, at the end of its section.
 * @throws Error when it is there already or the section cannot be found
 */
export function addToRegistry(text: string, kind: Kind, type: string): string {
  const path = `../${kind}s/${type}/index.ts`;
  if (text.includes(`'${path}'`)) throw new Error(`${kind} ${type} is in the registry already`);
  const lines = text.split('\n');
  const head = lines.indexOf(`  // ${kind}s`);
  if (head < 0) throw new Error(`cannot find the section of ${kind}s in gateway/components.ts`);
  let end = head + 1;
  while (!/^ {2}\/\/ [a-z]+s$|^\];$/.test(lines[end] ?? '];')) end++;
  lines.splice(end, 0, `  entry('${kind}', '${type}', () => import('${path}')),`);
  return lines.join('\n');
}
