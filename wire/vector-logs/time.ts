const pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/;

/** The last nanosecond that OTLP can say. */
const maxNs = 2n ** 64n - 1n;

/**
 * A time of RFC 3339 in nanoseconds since 1970.
 * @returns undefined when it is none, or is before 1970 or after 2554
 */
export function nanosOf(text: string): bigint | undefined {
  const [, day, time, fraction = '', zone] = pattern.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone!.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  // Date.parse takes the 31st of each month.
  const local = Date.parse(`${day}T00:00:00Z`);
  if (!new Date(local).toISOString().startsWith(day)) return undefined;
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || 0);
  return ns >= 0n && ns <= maxNs ? ns : undefined;
}
