import { z } from 'zod';
import { targetGroup } from '../config/discovery.ts';
import type { TargetGroup } from '../target.ts';

const list = z.array(targetGroup);

type Group = z.output<typeof targetGroup>;

/** A group as it is scraped. @param meta labels that say where it was found */
export function groupOf(
  { targets, labels }: Group,
  source: string,
  meta: Readonly<Record<string, string>> = {},
): TargetGroup {
  return {
    source,
    targets: targets.map((address) => new Map([['__address__', address]])),
    labels: new Map([...Object.entries(labels ?? {}), ...Object.entries(meta)]),
  };
}

/** Groups that were written as JSON or YAML. @throws Error for what is no list of groups */
export function readGroups(value: unknown): readonly Group[] {
  const read = list.safeParse(value);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw new Error(`no groups of targets: ${path.join('.')}: ${message}`);
}
