/** Names of OTLP's severities by number; 0 = unspecified. */
export const severityNames: readonly string[] = [
  'DEFAULT',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) =>
    ['', '2', '3', '4'].map((n) => name + n),
  ),
];

/** The text that a record gets when nothing set one. */
export function severityText(severity: number): string {
  return severity === 0 ? '' : severityNames[severity]!;
}
