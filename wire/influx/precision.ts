/** Nanoseconds of each spelling of a precision: those of InfluxDB 1, 2 and 3. */
const units: Readonly<Record<string, number>> = {
  auto: 0,
  n: 1,
  ns: 1,
  nanosecond: 1,
  u: 1e3,
  us: 1e3,
  µ: 1e3,
  µs: 1e3,
  microsecond: 1e3,
  ms: 1e6,
  millisecond: 1e6,
  s: 1e9,
  second: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** How times of a text are written. */
export interface Precision {
  /**
   * Nanoseconds of one unit; a divisor or a multiple of a second. 0 = by the size of each time, as
   * InfluxDB 3 has it: below 5e9 seconds, below 5e12 milli-, below 5e15 microseconds.
   */
  readonly unitNs: number;
}

const nanoseconds: Precision = { unitNs: 1 };

/** @returns undefined for a name that none of InfluxDB's versions knows; '' = nanoseconds */
export function precisionOf(name: string): Precision | undefined {
  if (name === '') return nanoseconds;
  const unitNs = Object.hasOwn(units, name) ? units[name] : undefined;
  return unitNs === undefined ? undefined : { unitNs };
}
