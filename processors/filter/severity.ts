const names = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Number of a severity written as its short name or as a number; undefined for another text. */
export function severityNumber(text: string): number | undefined {
  const upper = text.toUpperCase();
  if (/^[1-9][0-9]?$/.test(upper)) {
    const number = Number(upper);
    return number <= 24 ? number : undefined;
  }
  const match = /^([A-Z]+)([2-4])?$/.exec(upper);
  const at = names.indexOf(match?.[1] ?? '');
  return at < 0 ? undefined : at * 4 + Number(match?.[2] ?? 1);
}
