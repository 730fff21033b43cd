/** A difference to the peer that is meant to be, and why. */
export interface Meant {
  readonly expression: RegExp;
  /** JSON of the input; absent: all inputs. */
  readonly input?: RegExp;
  readonly why: string;
}

/** Every difference that is not a fault. */
export const meant: readonly Meant[] = [
  {
    expression: /^set\(attributes\["new"\], attributes\)$/,
    why: 'the peer makes the new key before it copies: the copy holds an empty one of itself',
  },
  {
    expression: /^Decode\(.*"(?:big5|euc-kr|euc-jp|gbk|gb18030)"\)$/,
    input: /"bytes"/,
    why: 'bytes that are no character: how many U+FFFD stand for them, and rare characters',
  },
  {
    expression: /"%A %d %b %Y", "UTC", "ja"/,
    why: 'short names of months in Japanese are known here, the peer has none',
  },
];

/** Why a difference is meant; undefined for a fault. */
export function reasonOf(expression: string, input: unknown): string | undefined {
  const text = JSON.stringify(input);
  return meant.find((one) => one.expression.test(expression) && (one.input?.test(text) ?? true))
    ?.why;
}
