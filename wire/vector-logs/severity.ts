/** Severity numbers of OTLP by words that mean them; a digit from 2 to 4 may follow the first six. */
const numbers: ReadonlyMap<string, number> = new Map([
  ['TRACE', 1],
  ['DEBUG', 5],
  ['INFO', 9],
  ['WARN', 13],
  ['ERROR', 17],
  ['FATAL', 21],
  ['DEBU', 5],
  ['INFORMATION', 9],
  ['NOTICE', 10],
  ['WARNING', 13],
  ['ERRO', 17],
  ['ERR', 17],
  ['FATA', 21],
  ['CRIT', 21],
  ['CRITICAL', 21],
  ['ALERT', 22],
  ['EMERG', 24],
  ['EMERGENCY', 24],
  ['PANIC', 24],
]);

/** @returns 1 to 24; 0 = the word is not known */
export function severityOf(word: string): number {
  const upper = word.trim().toUpperCase();
  const known = numbers.get(upper);
  if (known !== undefined) return known;
  const base = /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[2-4]$/.test(upper);
  return base ? numbers.get(upper.slice(0, -1))! + Number(upper.at(-1)) - 1 : 0;
}
