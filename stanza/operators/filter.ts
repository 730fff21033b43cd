import { z } from 'zod';
import {
  commonOf,
  decodeSection,
  identity,
  type OperatorBuilder,
  unknownKeysOf,
} from '../build.ts';
import type { Entry } from '../entry/entry.ts';
import { entryCondition } from '../expressions.ts';
import { at, OperatorFault } from '../fault.ts';
import { BaseOperator, type Surroundings } from '../operator.ts';
import { transformerKeys } from '../schema.ts';

const schema = z.looseObject({
  ...transformerKeys,
  expr: z.string().default(''),
  drop_ratio: z.number().default(1),
});

/** Drops entries that an expression is true for, or a part of them. */
class Filter extends BaseOperator {
  readonly #test: (entry: Entry) => boolean;
  /** In thousandths. */
  readonly #cutoff: number;

  constructor(
    identity: readonly [string, readonly string[] | undefined, Surroundings],
    test: (entry: Entry) => boolean,
    cutoff: number,
  ) {
    super(...identity);
    this.#test = test;
    this.#cutoff = cutoff;
  }

  process(entries: Entry[]): void {
    this.outputs.write(entries.filter((entry) => this.#keeps(entry)));
  }

  #keeps(entry: Entry): boolean {
    try {
      if (!this.#test(entry)) return true;
    } catch (error) {
      this.around.logger.error('Running expression returned an error', {
        operator_id: this.id,
        error: (error as Error).message,
      });
      return false;
    }
    return Math.floor(this.around.random.float() * 1000) >= this.#cutoff;
  }
}

/** Operator `filter`: drops entries that match, or the share `drop_ratio` of them. */
export const filter: OperatorBuilder = (section) => {
  const config = decodeSection(schema, section);
  commonOf(config);
  const test = at('expr', () => entryCondition(config.expr));
  if (!(config.drop_ratio >= 0 && config.drop_ratio <= 1)) {
    throw new OperatorFault('drop_ratio must be a number between 0 and 1', ['drop_ratio']);
  }
  const cutoff = Math.trunc(config.drop_ratio * 1000);
  return {
    ...identity(config),
    unknownKeys: unknownKeysOf(schema, section),
    create: (id, outputIds, around) => new Filter([id, outputIds, around], test, cutoff),
  };
};
