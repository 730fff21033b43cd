/** Whether an id is none: all of its bytes are 0. */
export function isZero(id: Uint8Array): boolean {
  for (let i = 0; i < id.length; i += 1) if (id[i] !== 0) return false;
  return true;
}
