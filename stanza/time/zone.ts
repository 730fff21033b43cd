/** A time zone: what the clocks there show. */
export interface Zone {
  readonly name: string;
  /** Offset from UTC in milliseconds at a time (ms since 1970). */
  offsetAt(utcMs: number): number;
}

export const utc: Zone = { name: 'UTC', offsetAt: () => 0 };

/** The zone of this process. */
export const local: Zone = {
  name: 'Local',
  offsetAt: (utcMs) => -new Date(utcMs).getTimezoneOffset() * 60_000,
};

/** Offsets change only at full quarters of an hour. */
const slotMs = 900_000;
const maxSlots = 4096;

/**
 * The zone with an IANA name, `UTC` or `Local`.
 * @throws Error for an unknown name
 */
export function loadZone(name: string): Zone {
  if (name === '' || name === 'UTC') return utc;
  if (name === 'Local') return local;
  let format: Intl.DateTimeFormat;
  try {
    if (!/^[A-Z]/.test(name)) throw new Error('not a name of a zone');
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    throw new Error(`unknown time zone ${name}`);
  }
  const known = new Map<number, number>();
  return {
    name,
    offsetAt(utcMs) {
      const slot = Math.floor(utcMs / slotMs);
      let offset = known.get(slot);
      if (offset === undefined) {
        offset = offsetOf(format, slot * slotMs);
        if (known.size >= maxSlots) known.clear();
        known.set(slot, offset);
      }
      return offset;
    },
  };
}

function offsetOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(utcMs)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - utcMs;
}

/** Milliseconds since 1970 of what the clocks of a zone show (`localMs` = that, read as UTC). */
export function fromLocal(localMs: number, zone: Zone): number {
  const first = zone.offsetAt(localMs);
  const guess = localMs - first;
  const second = zone.offsetAt(guess);
  return second === first ? guess : localMs - second;
}
