import type { SqlText } from '../sql/text.ts';

const MAX_STATEMENTS = 128;

/** Characters that the statements of all connections may take together. */
export class StatementBudget {
  left: number;

  constructor(characters = 32 << 20) {
    this.left = characters;
  }
}

/** Prepared statements of a connection by id; the one longest not used goes first. */
export class Statements {
  private readonly budget: StatementBudget;
  private readonly texts = new Map<number, SqlText>();

  constructor(budget: StatementBudget) {
    this.budget = budget;
  }

  get(id: number): SqlText | undefined {
    const text = this.texts.get(id);
    if (text === undefined) return undefined;
    this.texts.delete(id);
    this.texts.set(id, text);
    return text;
  }

  set(id: number, text: SqlText): void {
    this.delete(id);
    while (
      this.texts.size > 0 &&
      (this.texts.size >= MAX_STATEMENTS || this.budget.left < text.raw.length)
    ) {
      for (const oldest of this.texts.keys()) {
        this.delete(oldest);
        break;
      }
    }
    if (this.budget.left < text.raw.length) return;
    this.budget.left -= text.raw.length;
    this.texts.set(id, text);
  }

  delete(id: number): void {
    const text = this.texts.get(id);
    if (text === undefined) return;
    this.budget.left += text.raw.length;
    this.texts.delete(id);
  }

  clear(): void {
    for (const text of this.texts.values()) this.budget.left += text.raw.length;
    this.texts.clear();
  }
}
