import type { Clock, Logger, Random } from '../component/settings.ts';
import type { Entry, Origin } from './entry/entry.ts';

/** What the operators of one pipeline get from outside. */
export interface Surroundings {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Takes entries; they belong to it from then on. */
export interface EntryTarget {
  process(entries: Entry[]): void;
}

/** A part of a pipeline that changes, drops, routes or collects entries. */
export interface Operator extends EntryTarget {
  readonly id: string;
  /** Ids of what it sends to; undefined = the operator after it. */
  readonly outputIds: readonly string[] | undefined;
  /** Called once, before entries come. */
  connect(find: (id: string) => EntryTarget): void;
  /** Hands on what is held back, and stops timers. */
  stop(): void;
  /** Where the oldest entries that are held back come from. */
  held(): Iterable<Origin>;
}

/** What lines of containers are taken for. */
export interface ContainerLines {
  /** undefined = what each line looks like */
  readonly format: 'docker' | 'crio' | 'containerd' | undefined;
  /** Whether the file's path becomes attributes of the resource. */
  readonly fromPath: boolean;
}

/** A checked configuration of one operator, of which operators can be made. */
export interface OperatorPlan {
  readonly type: string;
  readonly id: string;
  readonly outputIds: readonly string[] | undefined;
  /** Keys that were given and do nothing. */
  readonly unknownKeys: readonly string[];
  /** There when it treats every entry as a container's line: for those who can do so faster. */
  readonly container?: ContainerLines | undefined;
  create(id: string, outputIds: readonly string[] | undefined, around: Surroundings): Operator;
}

/**
 * Key `on_error`: what becomes of an entry that an operator failed on, and whether it is logged.
 */
export type OnError = 'send' | 'send_quiet' | 'drop' | 'drop_quiet';

/** What operators that work entry by entry are configured with. */
export interface Common {
  readonly onError: OnError;
  readonly condition: ((entry: Entry) => boolean) | undefined;
}

const none: readonly never[] = [];

/** Sends to one or several outputs; all but the last get copies. */
export class Outputs {
  #targets: readonly EntryTarget[] = none;

  connect(ids: readonly string[], find: (id: string) => EntryTarget): void {
    this.#targets = ids.map(find);
  }

  write(entries: Entry[]): void {
    if (entries.length === 0) return;
    const last = this.#targets.length - 1;
    for (let i = 0; i < last; i += 1) {
      this.#targets[i]!.process(entries.map((entry) => entry.copy()));
    }
    this.#targets[last]?.process(entries);
  }
}

/** What all operators with outputs share. */
export abstract class BaseOperator implements Operator {
  readonly id: string;
  readonly outputIds: readonly string[] | undefined;
  protected readonly around: Surroundings;
  protected readonly outputs = new Outputs();

  constructor(id: string, outputIds: readonly string[] | undefined, around: Surroundings) {
    this.id = id;
    this.outputIds = outputIds;
    this.around = around;
  }

  abstract process(entries: Entry[]): void;

  connect(find: (id: string) => EntryTarget): void {
    this.outputs.connect(this.outputIds ?? none, find);
  }

  stop(): void {}

  held(): Iterable<Origin> {
    return none;
  }
}

/** An operator that treats entries one by one: condition, error mode, sending on. */
export abstract class TransformOperator extends BaseOperator {
  protected readonly common: Common;

  constructor(
    id: string,
    outputIds: readonly string[] | undefined,
    around: Surroundings,
    common: Common,
  ) {
    super(id, outputIds, around);
    this.common = common;
  }

  /** Whether the condition spares an entry. @throws when it cannot be evaluated */
  protected skips(entry: Entry): boolean {
    const { condition } = this.common;
    return condition !== undefined && !condition(entry);
  }

  /** Reports why an entry was not treated. @returns whether it is sent on all the same */
  protected failed(entry: Entry, error: unknown): boolean {
    const { onError } = this.common;
    const fields = {
      operator_id: this.id,
      error: error instanceof Error ? error.message : String(error),
      action: onError,
      attributes: Object.fromEntries(entry.attributes ?? []),
    };
    const { logger } = this.around;
    if (onError === 'send_quiet' || onError === 'drop_quiet') {
      logger.debug('Failed to process entry', fields);
    } else logger.error('Failed to process entry', fields);
    return onError === 'send' || onError === 'send_quiet';
  }

  process(entries: Entry[]): void {
    const out: Entry[] = [];
    for (const entry of entries) {
      try {
        if (!this.skips(entry)) this.transform(entry);
        out.push(entry);
      } catch (error) {
        if (this.failed(entry, error)) out.push(entry);
      }
    }
    this.outputs.write(out);
  }

  /** Treats one entry in place. @throws Error that says why it cannot be treated */
  protected abstract transform(entry: Entry): void;
}

/** A {@link TransformOperator} made of a function. */
export class FunctionOperator extends TransformOperator {
  readonly #run: (entry: Entry, around: Surroundings) => void;

  constructor(
    id: string,
    outputIds: readonly string[] | undefined,
    around: Surroundings,
    common: Common,
    run: (entry: Entry, around: Surroundings) => void,
  ) {
    super(id, outputIds, around, common);
    this.#run = run;
  }

  protected override transform(entry: Entry): void {
    this.#run(entry, this.around);
  }
}
