/** What a statement does, in few words. */
export interface SqlSummary {
  /** `SELECT`, `CREATE TABLE`; '' = not known. */
  readonly operation: string;
  /** The only table that is named, without quotes; '' = none or several. */
  readonly collection: string;
  /** Low cardinality: `INSERT archive SELECT orders`; at most 255 characters. */
  readonly summary: string;
}

const MAX_SUMMARY = 255;
const MAX_TOKENS = 512;
const MAX_WORDS = 24;
const TOKEN = /`(?:[^`]|``)*`|[A-Za-z_$@\u0080-\uffff][\w$@\u0080-\uffff]*|[^\s\w]/g;

const VERBS = new Set(
  'SELECT INSERT UPDATE DELETE REPLACE CALL SET SHOW USE BEGIN START COMMIT ROLLBACK CREATE DROP ALTER TRUNCATE RENAME DESCRIBE DESC EXPLAIN GRANT REVOKE LOCK UNLOCK LOAD HANDLER DO PREPARE EXECUTE DEALLOCATE ANALYZE OPTIMIZE CHECK REPAIR FLUSH KILL SAVEPOINT RELEASE XA MERGE VALUES WITH TABLE'.split(
    ' ',
  ),
);
/** Verbs that begin a statement within one. */
const INNER = new Set(['SELECT']);
const OBJECTS = new Set(
  'TABLE DATABASE SCHEMA INDEX VIEW USER TRIGGER PROCEDURE FUNCTION EVENT SEQUENCE ROLE'.split(' '),
);
const SKIPPED = new Set(
  'IF NOT EXISTS LOW_PRIORITY IGNORE DELAYED QUICK HIGH_PRIORITY TEMPORARY ONLY OR UNIQUE LATERAL'.split(
    ' ',
  ),
);

/** @param sql a statement without literals and comments, or several with `;` between them */
export function summarizeSql(sql: string): SqlSummary {
  const tokens = sql.replace(/\/\*!?\d*|\*\//g, ' ').match(TOKEN) ?? [];
  const reader = new Reader(tokens.slice(0, MAX_TOKENS));
  reader.read();
  const targets = new Set(reader.targets);
  return {
    operation: reader.operation,
    collection: targets.size === 1 ? reader.targets[0]! : '',
    summary: reader.words.join(' ').slice(0, MAX_SUMMARY),
  };
}

class Reader {
  operation = '';
  readonly targets: string[] = [];
  readonly words: string[] = [];
  private readonly tokens: readonly string[];
  private at = 0;
  private fresh = true;
  private verb = '';

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  read(): void {
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at++]!;
      if (token === ';') {
        this.fresh = true;
        continue;
      }
      const word = token.toUpperCase();
      if (this.fresh) this.first(word);
      else if (INNER.has(word) && this.verb !== 'WITH') this.inner(word);
      else if (INNER.has(word)) this.first(word);
      else this.keyword(word);
    }
  }

  private first(word: string): void {
    if (word === '(') return;
    this.fresh = false;
    if (!VERBS.has(word)) return;
    this.verb = word;
    if (word === 'WITH') return;
    let operation = word;
    if (['CREATE', 'DROP', 'ALTER', 'TRUNCATE', 'RENAME'].includes(word)) {
      this.passOver();
      const object = this.tokens[this.at]?.toUpperCase() ?? '';
      if (OBJECTS.has(object)) {
        operation = `${word} ${object}`;
        this.at++;
      }
    }
    if (this.operation === '') this.operation = operation;
    this.words.push(operation);
    if (['UPDATE', 'DESCRIBE', 'DESC', 'TRUNCATE'].includes(word)) this.target();
    else if (['USE', 'CALL'].includes(word)) this.target(false);
    else if (operation !== word && !/ (?:USER|ROLE)$/.test(operation)) {
      this.target(/ (?:TABLE|VIEW)$/.test(operation));
    } else if (['INSERT', 'REPLACE'].includes(word)) this.into();
  }

  /** INTO may be left out. */
  private into(): void {
    this.passOver();
    if (this.tokens[this.at]?.toUpperCase() === 'INTO') this.at++;
    this.target();
  }

  private inner(word: string): void {
    this.verb = word;
    this.words.push(word);
  }

  private keyword(word: string): void {
    if (word === 'FROM' && this.verb !== 'SET' && this.verb !== 'SHOW') {
      this.target();
      while (this.tokens[this.at] === ',') {
        this.at++;
        this.target();
      }
    } else if (word === 'JOIN') this.target();
    else if (word === 'INTO' && this.verb === 'LOAD') this.loadTarget();
  }

  private loadTarget(): void {
    if (this.tokens[this.at]?.toUpperCase() === 'TABLE') this.at++;
    this.target();
  }

  private passOver(): void {
    while (SKIPPED.has(this.tokens[this.at]?.toUpperCase() ?? '')) this.at++;
  }

  /**
   * A name, perhaps with its database, perhaps with an alias.
   * @param table it is a table's
   */
  private target(table = true): void {
    this.passOver();
    let name = this.name();
    if (name === '') return;
    while (this.tokens[this.at] === '.') {
      this.at++;
      name += `.${this.name()}`;
    }
    if (this.words.length < MAX_WORDS) {
      if (table) this.targets.push(name);
      this.words.push(name);
    }
    const alias = this.tokens[this.at]?.toUpperCase() ?? '';
    if (alias === 'AS') this.at += 2;
    else if (/^[A-Z_`]/.test(alias) && this.tokens[this.at + 1] === ',') this.at++;
  }

  private name(): string {
    const token = this.tokens[this.at] ?? '';
    if (token.startsWith('`')) {
      this.at++;
      return token.slice(1, -1);
    }
    if (!/^[A-Za-z_$\u0080-\uffff]/.test(token) || INNER.has(token.toUpperCase())) return '';
    this.at++;
    return token;
  }
}
