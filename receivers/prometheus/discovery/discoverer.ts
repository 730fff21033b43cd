import type { TargetGroup } from '../target.ts';

/** Something that knows where targets are. */
export interface Discoverer {
  /** @param found told of all groups, whenever they are looked up; not told when that fails */
  start(found: (groups: readonly TargetGroup[]) => void): void;
  close(): Promise<void>;
}
