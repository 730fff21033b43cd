import { inspect } from 'node:util';
import { z } from 'zod';

const masked = '[REDACTED]';

/** A text that no log, error or dump shows. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return masked;
  }

  toJSON(): string {
    return masked;
  }

  [inspect.custom](): string {
    return masked;
  }
}

/** A text that is kept out of logs and error messages; decodes to {@link Secret}. */
export function secret() {
  return z
    .string()
    .transform((text) => new Secret(text))
    .meta({ secret: true });
}

/** Header names and values in the order given. */
export type Headers = readonly (readonly [name: string, value: Secret])[];

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Extra request headers: a map of name to value, or a list of {name, value}. Values are secret. */
export function headers() {
  const value = z.string().meta({ secret: true });
  const pair = z.strictObject({ name: z.string(), value: value.default('') });
  const list = z.array(pair);
  return z.union([z.record(z.string(), value), list]).transform((given, ctx): Headers => {
    const pairs = Array.isArray(given)
      ? given.map((h) => [h.name, h.value] as const)
      : Object.entries(given);
    for (const [name, text] of pairs) {
      if (!headerName.test(name)) {
        ctx.addIssue({ code: 'custom', message: `invalid header name ${JSON.stringify(name)}` });
      } else if (/[\0\r\n]/.test(text)) {
        const message = `the value of header ${JSON.stringify(name)} contains a line break`;
        ctx.addIssue({ code: 'custom', message });
      }
    }
    return pairs.map(([name, text]) => [name, new Secret(text)] as const);
  });
}
