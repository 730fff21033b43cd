import { timingSafeEqual } from 'node:crypto';
import type { HeaderChanges, HeaderMap } from '../../component/extension.ts';

/** The first word of each line that has one. */
export function tokensOf(text: string): string[] {
  return text.split('\n').flatMap((line) => /\S+/.exec(line)?.[0] ?? []);
}

/** What a header has to carry, and what one carries. */
export class Tokens {
  readonly #header: string;
  readonly #scheme: string;
  #accepted: readonly Buffer[] = [];
  #sent: HeaderChanges = [];

  constructor(header: string, scheme: string) {
    this.#header = header;
    this.#scheme = scheme;
  }

  /** Takes the place of the tokens before. */
  set(tokens: readonly string[]): void {
    const values = tokens.map((token) =>
      this.#scheme === '' ? token : `${this.#scheme} ${token}`,
    );
    this.#accepted = values.map((value) => Buffer.from(value));
    this.#sent = [[this.#header.toLowerCase(), values[0] ?? '']];
  }

  /** What a client sends. */
  get sent(): HeaderChanges {
    return this.#sent;
  }

  /** @throws Error that says why the headers of a request do not do */
  check(headers: HeaderMap): void {
    const given = headers.get(this.#header.toLowerCase())?.[0];
    if (given === undefined) {
      throw new Error(`missing or empty authorization header: ${this.#header}`);
    }
    const bytes = Buffer.from(given);
    let found = false;
    for (const accepted of this.#accepted) {
      if (accepted.length === bytes.length && timingSafeEqual(accepted, bytes)) found = true;
    }
    if (!found) throw new Error('provided authorization does not match expected scheme or token');
  }
}
