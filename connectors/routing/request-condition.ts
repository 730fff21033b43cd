/** A condition on what came with a request: `request["X-Tenant"] == "acme"`, or `!=`. */
export interface RequestCondition {
  /** Key of the metadata, in lower case. */
  readonly key: string;
  readonly equal: boolean;
  readonly value: string;
}

/** @throws Error that says what is wrong with the text */
export function parseRequestCondition(text: string): RequestCondition {
  if (text === '') throw new Error('condition is empty');
  const [comparator, ...more] = text.match(/==|!=/g) ?? [];
  if (comparator === undefined) throw new Error('condition does not contain a valid comparator');
  if (more.length > 0) throw new Error('condition contains multiple comparators');
  const [left = '', right = ''] = text.split(comparator).map((part) => part.trim());
  if (!/request\[".*"\]/.test(left)) {
    throw new Error(`condition must have format 'request["<name>"] <comparator> <value>'`);
  }
  if (!/".*"/.test(right)) {
    throw new Error(`condition must have format 'request["<name>"] <comparator> "<value>"'`);
  }
  const key = left.replace(/^request\["/, '').replace(/"\]$/, '');
  const value = right.replace(/^"/, '').replace(/"$/, '');
  return { key: key.toLowerCase(), equal: comparator === '==', value };
}

/** Whether one of the values of the key is (not) the one asked for; without values never. */
export function matchesRequest(
  { key, equal, value }: RequestCondition,
  metadata: ReadonlyMap<string, readonly string[]>,
): boolean {
  return (metadata.get(key) ?? []).some((one) => (one === value) === equal);
}
