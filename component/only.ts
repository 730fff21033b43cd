import type { Component } from './component.ts';
import type { Consumer } from './consumer.ts';
import type { ProcessorFactory } from './factory.ts';
import type { Settings } from './settings.ts';
import type { Signal } from './signals.ts';

/**
 * The `create` of a processor that knows some signals only, from one that is typed for them.
 * Configurations with it in a pipeline of another signal are refused by its `stability`.
 *
 * @param type of the component, for the error where it is created for another signal nevertheless
 */
export function createOnly<O extends Signal, C>(
  type: string,
  signals: readonly O[],
  create: (signal: O, settings: Settings, config: C, next: Consumer<O>) => Component & Consumer<O>,
): ProcessorFactory<C>['create'] {
  return <S extends Signal>(signal: S, settings: Settings, config: C, next: Consumer<S>) => {
    const known = signals.find((one) => (one as Signal) === signal);
    if (known === undefined) throw new Error(`BUG: ${type} in a pipeline of ${signal}`);
    const made = create(known, settings, config, next as unknown as Consumer<O>);
    return made as unknown as Component & Consumer<S>;
  };
}
