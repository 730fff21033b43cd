/** A rule is broken at a place, for a reason. */
export interface Exception {
  /** Files, all of which have to be there and still break the rule. */
  readonly files: readonly string[];
  readonly why: string;
}

/** Files that import each other. */
export const cycles: readonly Exception[] = [
  {
    files: ['pdata/otlp-batch.ts', 'pdata/split.ts'],
    why: 'a batch is split into batches',
  },
  {
    files: [
      'ottl/functions/converters/xml/xpath-eval.ts',
      'ottl/functions/converters/xml/xpath-functions.ts',
    ],
    why: 'an expression calls functions, whose arguments are expressions',
  },
];

/** Files with something at their top level that changes, or could. */
export const state: readonly Exception[] = [
  { files: ['ui/src/api/client.ts'], why: 'the page is there once; its token is renewed' },
];

/** Key of files, in whatever order they are found. */
export function keyOf(files: readonly string[]): string {
  return [...files].sort().join(', ');
}

/** What is found, without what is excepted; exceptions that nothing needs are faults, too. */
export function except(
  found: ReadonlyMap<string, string>,
  exceptions: readonly Exception[],
): string[] {
  const known = new Set(exceptions.map(({ files }) => keyOf(files)));
  const faults = [...found].filter(([key]) => !known.has(key)).map(([, fault]) => fault);
  const needless = [...known].filter((key) => !found.has(key));
  return [
    ...faults,
    ...needless.map((key) => `scripts/tidy/exceptions.ts: ${key}: needs no exception`),
  ];
}
