import { dayNames, monthNames } from './layout.ts';
import type { Mismatch } from './parse-layout.ts';

/** Names of a language for what a layout spells out, beside the English that stands for them. */
export interface Locale {
  readonly tables: Readonly<Record<Element, readonly (readonly [string, string])[]>>;
}

type Element = 'January' | 'Jan' | 'Monday' | 'Mon' | 'PM' | 'pm';

type Style = 'long' | 'short';

/** The names of one thing with and without a date around them: cases differ in many languages. */
function namesOf(
  locale: string,
  dates: readonly Date[],
  english: readonly string[],
  part: 'month' | 'weekday',
  style: Style,
): [string, string][] {
  const options: Intl.DateTimeFormatOptions[] = [
    { [part]: style, day: 'numeric', ...(part === 'weekday' && { month: 'long' }) },
    { [part]: style },
  ];
  const names: [string, string][] = [];
  for (const option of options) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...option });
    dates.forEach((date, i) => {
      const found = format.formatToParts(date).find(({ type }) => type === part)?.value ?? '';
      // alone it may be written with a word for month
      const name = option.day === undefined ? format.format(date) : found;
      if (/\p{L}/u.test(name)) names.push([name, english[i]!]);
    });
  }
  return names;
}

function dayPeriods(locale: string): [string, string][] {
  const format = new Intl.DateTimeFormat(locale, {
    timeZone: 'UTC',
    hour: 'numeric',
    hourCycle: 'h12',
  });
  return [1, 13].flatMap((hour): [string, string][] => {
    const parts = format.formatToParts(Date.UTC(2023, 0, 1, hour));
    const name = parts.find(({ type }) => type === 'dayPeriod')?.value ?? '';
    const english = hour < 12 ? 'AM' : 'PM';
    const plain = name.replace(/\s/g, '');
    return [
      [name, english],
      [plain, english],
    ];
  });
}

/** @throws Error when a language is not known */
export function localeOf(tag: string): Locale {
  let supported: string[] = [];
  try {
    supported = Intl.DateTimeFormat.supportedLocalesOf(tag);
  } catch {
    // not a language tag
  }
  if (supported.length === 0) {
    throw new Error(`unsupported locale '${tag}', value must be a supported BCP 47 language tag`);
  }
  const months = monthNames.map((_, month) => new Date(Date.UTC(2023, month, 1)));
  // 2023 began on a Sunday
  const days = dayNames.map((_, day) => new Date(Date.UTC(2023, 0, 1 + day)));
  const cut = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));
  const periods = dayPeriods(tag);
  return {
    tables: {
      January: namesOf(tag, months, monthNames, 'month', 'long'),
      Jan: namesOf(tag, months, cut(monthNames), 'month', 'short'),
      Monday: namesOf(tag, days, dayNames, 'weekday', 'long'),
      Mon: namesOf(tag, days, cut(dayNames), 'weekday', 'short'),
      PM: periods,
      pm: periods.map(([name, english]) => [name, english.toLowerCase()]),
    },
  };
}

const elements: readonly Element[] = ['January', 'Jan', 'Monday', 'Mon', 'PM', 'pm'];

function elementAt(layout: string, at: number): Element | undefined {
  const found = elements.find((element) => layout.startsWith(element, at));
  if (found !== 'Jan' && found !== 'Mon') return found;
  return /[a-z]/.test(layout[at + 3] ?? '') ? undefined : found;
}

function sameFolded(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

/**
 * A text in a language as English: walked along its layout, names are looked up, the longest that
 * fits; the rest stays.
 */
export function translate(
  layout: string,
  text: string,
  locale: Locale,
): { readonly text: string } | { readonly mismatch: Mismatch } {
  let out = '';
  let at = 0;
  const mismatch = (layoutElement: string): { mismatch: Mismatch } => ({
    mismatch: {
      layoutElement,
      rest: 'unknown',
      message: `: value "${text}" does not match the layout element "${layoutElement}"`,
    },
  });
  const blanks = (): void => {
    for (; /\s/.test(text[at] ?? ''); at += 1) out += text[at];
  };
  for (let i = 0; i < layout.length; ) {
    const element = elementAt(layout, i);
    if (element !== undefined) {
      blanks();
      let best: readonly [string, string] = ['', ''];
      for (const entry of locale.tables[element]) {
        if (entry[0].length <= best[0].length) continue;
        if (sameFolded(text.slice(at, at + entry[0].length), entry[0])) best = entry;
      }
      if (best[0] === '') return mismatch(element);
      out += best[1];
      at += best[0].length;
      i += element.length;
      continue;
    }
    // hours, minutes and seconds of one digit or two
    if ('345'.includes(layout[i]!) && layout[i - 1] !== '0') {
      blanks();
      const digits = /^[0-9]{1,2}/.exec(text.slice(at, at + 2));
      if (digits === null) return mismatch(layout[i]!);
      out += digits[0];
      at += digits[0].length;
    } else {
      out += text[at] ?? '';
      at += 1;
    }
    i += 1;
  }
  return { text: out + text.slice(at) };
}
