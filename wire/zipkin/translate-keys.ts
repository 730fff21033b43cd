import type { TagList } from '../tagged-spans/tags.ts';

/**
 * Puts a tag under another key.
 * @param keepsOld whether it stays under its own, too
 * @param setsNew whether it is put there
 */
export function moveTag(
  tags: TagList,
  from: number,
  to: number,
  keepsOld: boolean,
  setsNew: boolean,
): void {
  if (keepsOld && !setsNew) return;
  const at = tags.find(from);
  if (at < 0) return;
  if (setsNew) tags.copy(at, to);
  if (!keepsOld) tags.remove(at);
}
