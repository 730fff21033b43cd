/** Milliseconds in each unit of grpc-timeout. */
const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Reads a grpc-timeout header: at most eight digits and a unit.
 * @returns milliseconds, or undefined when it is malformed
 */
export function parseTimeout(text: string): number | undefined {
  const unit = units[text.charAt(text.length - 1)];
  if (unit === undefined || text.length < 2 || text.length > 9) return undefined;
  let value = 0;
  for (let i = 0; i < text.length - 1; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * unit;
}

/** What is wrong with a grpc-timeout that {@link parseTimeout} cannot read, as grpc-go says it. */
export function timeoutFault(text: string): string {
  const shown = JSON.stringify(text.slice(0, 40));
  if (text.length < 2) return `transport: timeout string is too short: ${shown}`;
  if (text.length > 9) return `transport: timeout string is too long: ${shown}`;
  if (units[text.charAt(text.length - 1)] === undefined) {
    return `transport: timeout unit is not recognized: ${shown}`;
  }
  return `strconv.ParseUint: parsing ${JSON.stringify(text.slice(0, -1))}: invalid syntax`;
}

/** @returns a grpc-timeout header for `ms` > 0, rounded up to what eight digits can say */
export function formatTimeout(ms: number): string {
  for (const unit of ['u', 'm', 'S', 'M', 'H']) {
    const value = Math.ceil(ms / units[unit]!);
    if (value < 1e8) return `${value}${unit}`;
  }
  return '99999999H';
}
