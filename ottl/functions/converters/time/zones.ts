import { type OttlZone, utc } from '../../../values.ts';
import { secondsFromCivil } from './civil.ts';

/** A zone with one offset. @param offset seconds east of UTC */
export function fixedZone(name: string, offset: number): OttlZone {
  const answer = { offset, abbreviation: name } as const;
  return { name, at: () => answer };
}

// English of these countries has the usual abbreviations for the zones around them.
const locales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA'];

interface Answer {
  readonly offset: number;
  readonly abbreviation: string;
}

const maxKept = 1000;

/** A zone of the time zone database. */
class NamedZone implements OttlZone {
  readonly name: string;
  private readonly parts: Intl.DateTimeFormat;
  private readonly names: readonly Intl.DateTimeFormat[];
  /** answers by quarter of an hour, in which no offset changes */
  private readonly kept = new Map<number, Answer>();

  constructor(name: string, timeZone: string) {
    this.name = name;
    this.parts = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    this.names = locales.map(
      (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }),
    );
  }

  at(unixSeconds: number): Answer {
    const key = Math.floor(unixSeconds / 900);
    let answer = this.kept.get(key);
    if (answer === undefined) {
      answer = this.compute(unixSeconds);
      if (this.kept.size >= maxKept) this.kept.clear();
      this.kept.set(key, answer);
    }
    return answer;
  }

  private compute(unixSeconds: number): Answer {
    const date = new Date(unixSeconds * 1000);
    if (Number.isNaN(date.getTime())) return utc.at(unixSeconds);
    const part: Record<string, string> = {};
    for (const { type, value } of this.parts.formatToParts(date)) part[type] = value;
    const local = secondsFromCivil({
      year: part.era?.startsWith('B') ? 1 - Number(part.year) : Number(part.year),
      month: Number(part.month),
      day: Number(part.day),
      hour: Number(part.hour),
      minute: Number(part.minute),
      second: Number(part.second),
    });
    const offset = local - Math.floor(unixSeconds);
    return { offset, abbreviation: this.abbreviation(date, offset) };
  }

  private abbreviation(date: Date, offset: number): string {
    const name = this.letters(date);
    if (name !== undefined) return name;
    // long ago there are no letters: those of now, where the offset is one of now's
    const year = Date.UTC(2023, 0, 1);
    for (const instant of [year, year + 182 * 86_400_000]) {
      const recent = new Date(instant);
      if (date.getTime() < year && this.at(instant / 1000).offset === offset) {
        const used = this.letters(recent);
        if (used !== undefined) return used;
      }
    }
    return numericName(offset);
  }

  private letters(date: Date): string | undefined {
    for (const format of this.names) {
      const parts = format.formatToParts(date);
      const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
      if (/^[A-Z]{3,5}$/.test(name)) return name;
    }
    return undefined;
  }
}

/** What the time zone database calls a zone without letters: `+03`, `+0530`. */
function numericName(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60);
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = (offset < 0 ? '-' : '+') + two(Math.floor(minutes / 60));
  return minutes % 60 === 0 ? hours : hours + two(minutes % 60);
}

/** Names that the platform knows beside those of the time zone database. */
const foreign = new Set(
  (
    'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT ' +
    'PST SST VST'
  ).split(' '),
);

/** Zones of the machine and of the time zone database, each made once. */
export class Zones {
  private readonly made = new Map<string, OttlZone>([
    ['', utc],
    ['UTC', utc],
  ]);

  /** The zone of a name, e.g. Europe/Berlin or Local; undefined when there is none. */
  load(name: string): OttlZone | undefined {
    let zone = this.made.get(name);
    if (zone !== undefined) return zone;
    const timeZone = name === 'Local' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
    // a path, an offset or what only the platform knows is no name
    if (!/^[A-Za-z][\w+/-]*$/.test(timeZone) || foreign.has(timeZone)) return undefined;
    try {
      zone = timeZone === 'UTC' ? utcCalled(name) : new NamedZone(name, timeZone);
    } catch {
      return undefined;
    }
    if (this.made.size < maxKept) this.made.set(name, zone);
    return zone;
  }

  /** The zone of the machine. */
  local(): OttlZone {
    return this.load('Local') ?? utc;
  }
}

function utcCalled(name: string): OttlZone {
  return { name, at: (unixSeconds) => utc.at(unixSeconds) };
}

/**
 * The offset of an abbreviation (CET) in a zone near an instant given in local time; undefined when
 * the zone has none of that name.
 */
export function offsetOfName(
  zone: OttlZone,
  name: string,
  unixSeconds: number,
): number | undefined {
  const halfYear = 182 * 86400;
  const offsets: number[] = [];
  for (const at of [unixSeconds, unixSeconds - halfYear, unixSeconds + halfYear]) {
    const { offset, abbreviation } = zone.at(at);
    if (abbreviation === name) offsets.push(offset);
  }
  const valid = offsets.find((offset) => zone.at(unixSeconds - offset).abbreviation === name);
  return valid ?? offsets[0];
}
