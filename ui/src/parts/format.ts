/** Numbers and times as people read them. */

const units: readonly (readonly [ns: number, name: string])[] = [
  [86_400e9, 'd'],
  [3600e9, 'h'],
  [60e9, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** Three significant digits: `1.24 ms`, `0 ns`, `-3 µs`. @param ns nanoseconds */
export function duration(ns: number): string {
  const size = Math.abs(ns);
  for (const [unit, name] of units) {
    // Rounded up as 999.6 µs would be, it is the next unit's.
    if (size >= unit * 0.9995) return `${digits(ns / unit)} ${name}`;
  }
  return `${Math.round(ns)} ns`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  const text = value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const steps: readonly (readonly [size: number, name: string])[] = [
  [1e12, ' T'],
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
];

/** `950`, `1.2 k`, `3.45 M`. */
export function count(value: number): string {
  const size = Math.abs(value);
  for (const [step, name] of steps) if (size >= step * 0.9995) return digits(value / step) + name;
  return Number.isInteger(value) ? String(value) : digits(value);
}

/** `12.3/s`. @param perSecond events a second */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.01) return '<0.01/s';
  return `${count(perSecond)}/s`;
}

/** `1.5 %`, `<0.1 %`. @param part 0 to 1 */
export function percent(part: number): string {
  if (Number.isNaN(part)) return '–';
  if (part > 0 && part < 0.001) return '<0.1 %';
  if (part < 1 && part > 0.999) return '>99.9 %';
  return `${digits(part * 100)} %`;
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 MiB`. */
export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 1023.5 && unit < binary.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${digits(left)} ${binary[unit]}`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

/** Local time of day with milliseconds. @param ns decimal nanoseconds since 1970 */
export function timeOfDay(ns: string): string {
  return clock.format(millis(ns));
}

/** Local date. @param ns decimal nanoseconds since 1970 */
export function date(ns: string): string {
  return day.format(millis(ns));
}

/** Local date and time of day. */
export function dateTime(ns: string): string {
  return `${date(ns)}, ${timeOfDay(ns)}`;
}

/** Milliseconds since 1970, whole. @param ns decimal nanoseconds since 1970 */
export function millis(ns: string): number {
  return Number(BigInt(ns) / 1_000_000n);
}

/** `just now`, `3 min ago`, `in 5 s`. */
export function ago(ns: string, nowMs: number): string {
  const ms = nowMs - millis(ns);
  if (Math.abs(ms) < 1000) return 'just now';
  const text = roughly(Math.abs(ms));
  return ms < 0 ? `in ${text}` : `${text} ago`;
}

function roughly(ms: number): string {
  const s = ms / 1000;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/**
 * Nanoseconds of `100ms`, `1.5 s`, `2m`, `250us`; a bare number is milliseconds.
 * @returns undefined when it is none
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|μs|ms|s|m|min|h)?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (sizes[(match[2] ?? 'ms').toLowerCase()] ?? Number.NaN));
}

const sizes: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
};
