import { obfuscateSql } from './obfuscate.ts';
import { type SqlSummary, summarizeSql } from './summary.ts';

/** Statements that carry secrets show no literal, whatever is configured. */
const SECRET = /\b(?:identified|password|passwd|secret|credential|private_key|aes_\w+)/i;

/** The text of a statement; what is made of it is made once and kept, for prepared statements. */
export class SqlText {
  readonly raw: string;
  /** Only the beginning of the statement is known. */
  readonly cut: boolean;
  private plain: string | undefined = undefined;
  private short: SqlSummary | undefined = undefined;

  constructor(raw: string, cut: boolean) {
    this.raw = raw;
    this.cut = cut;
  }

  /** @param obfuscate literals become `?`; where a password may be they do in any case */
  text(obfuscate: boolean): string {
    return obfuscate || SECRET.test(this.raw) ? this.obfuscated : this.raw;
  }

  get obfuscated(): string {
    this.plain ??= obfuscateSql(this.raw);
    return this.plain;
  }

  get summary(): SqlSummary {
    this.short ??= summarizeSql(this.obfuscated);
    return this.short;
  }
}

/**
 * The message of a database error, without what it quotes: a value, or a piece of the statement.
 * @param quotesNames what this kind of error quotes are names of tables and columns
 */
export function errorText(message: string, obfuscate: boolean, quotesNames: boolean): string {
  if (!obfuscate || quotesNames) return message;
  const quote = message.search(/['"`]/);
  return quote < 0 ? message : `${message.slice(0, quote)}?`;
}
