/** The text of an error and of the errors it collects; programming errors with their stack. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const programming = error.message.startsWith('BUG:') || error instanceof TypeError;
  const text = programming ? (error.stack ?? error.message) : error.message;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [text, ...error.errors.map(errorText)].filter((part) => part !== '').join('; ');
  }
  return text === '' ? error.name : text;
}
