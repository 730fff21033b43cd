/**
 * The trace id in what somebody pastes: 32 hex digits, fewer without the zeros before them, with
 * dashes as a UUID has them, or a `traceparent` header.
 * @returns 32 lower-case hex digits, undefined when there is none
 */
export function traceIdOf(text: string): string | undefined {
  const plain = text.trim().toLowerCase();
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}(-[0-9a-f]{2})?$/.exec(plain);
  if (parent !== null) return parent[1];
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(plain);
  const hex = uuid ? plain.replaceAll('-', '') : plain.replace(/^0x/, '');
  return /^[0-9a-f]{1,32}$/.test(hex) ? hex.padStart(32, '0') : undefined;
}
