/** Words of Prometheus' units and the UCUM codes that OpenTelemetry has for them. */
const codes: Readonly<Record<string, string>> = {
  days: 'd',
  hours: 'h',
  minutes: 'min',
  seconds: 's',
  milliseconds: 'ms',
  microseconds: 'us',
  nanoseconds: 'ns',
  bytes: 'By',
  kibibytes: 'KiBy',
  mebibytes: 'MiBy',
  gibibytes: 'GiBy',
  tibibytes: 'TiBy',
  kilobytes: 'KBy',
  megabytes: 'MBy',
  gigabytes: 'GBy',
  terabytes: 'TBy',
  meters: 'm',
  volts: 'V',
  amperes: 'A',
  joules: 'J',
  watts: 'W',
  grams: 'g',
  celsius: 'Cel',
  hertz: 'Hz',
  ratio: '1',
  percent: '%',
};

const perCodes: Readonly<Record<string, string>> = {
  second: 's',
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
  month: 'mo',
  year: 'y',
};

const lookUp = (table: Readonly<Record<string, string>>, word: string): string =>
  Object.hasOwn(table, word) ? table[word]! : word;

/**
 * A unit of Prometheus (`seconds`, `bytes_per_second`) in UCUM (`s`, `By/s`); unknown words stay.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function ucumOf(unit: string): string {
  const at = unit.indexOf('_per_');
  if (at < 0) return lookUp(codes, unit);
  const per = unit.slice(at + 5);
  const main = lookUp(codes, unit.slice(0, at));
  return per === '' ? main : `${main}/${lookUp(perCodes, per)}`;
}

const words: ReadonlyMap<string, string> = new Map([
  ...Object.entries(codes).map(([word, code]) => [code, word] as const),
  ['1', ''],
]);
const perWords: ReadonlyMap<string, string> = new Map(
  Object.entries(perCodes).map(([word, code]) => [code, word]),
);

/** The two parts of a UCUM unit as words: [`bytes`, `per_second`]; '' = none. */
export function unitWords(unit: string): readonly [string, string] {
  const at = unit.indexOf('/');
  const main = wordOf(at < 0 ? unit : unit.slice(0, at), words);
  const per = at < 0 ? '' : wordOf(unit.slice(at + 1), perWords);
  return [main, per === '' ? '' : `per_${per}`];
}

function wordOf(text: string, table: ReadonlyMap<string, string>): string {
  const trimmed = text.trim();
  if (trimmed === '' || /[{}]/.test(trimmed)) return '';
  return table.get(trimmed) ?? trimmed;
}

const cleaned = (word: string): string =>
  word
    .replace(/[^a-zA-Z0-9:]/gu, '_')
    .replace(/_+/g, '_')
    .replace(/^_/, '');

/** The words of a unit as tokens of a name: no character that names lack. */
export function cleanUnitWords(unit: string): readonly [string, string] {
  const [main, per] = unitWords(unit);
  return [cleaned(main), cleaned(per)];
}

/**
 * A UCUM unit as Prometheus' metadata has it (`bytes_per_second`).
 * @param utf8 whether characters stay that classic names lack
 */
export function prometheusUnit(unit: string, utf8: boolean): string {
  const parts = utf8 ? unitWords(unit) : cleanUnitWords(unit);
  return parts
    .filter((part) => part !== '')
    .join('_')
    .replace(/^_/, '')
    .replace(/_$/, '');
}
