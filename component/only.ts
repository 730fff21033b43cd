import type { Component } from './component.ts';
import type { Consumer } from './consumer.ts';
import type { ConnectorFactory, ConnectorNext, ProcessorFactory } from './factory.ts';
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
  return (signal, settings, config, next) => {
    const known = signals.find((one) => (one as Signal) === signal);
    if (known === undefined) throw new Error(`BUG: ${type} in a pipeline of ${signal}`);
    const made = create(known, settings, config, next as unknown as Consumer<O>);
    return made as unknown as Component & Consumer<typeof signal>;
  };
}

/**
 * The `create` of a connector that takes some signals and gives one, from one that is typed for
 * them. Other pairs are refused by its `pairs`.
 */
export function connectorOnly<A extends Signal, B extends Signal, C>(
  type: string,
  taken: readonly A[],
  given: B,
  create: (
    from: A,
    settings: Settings,
    config: C,
    next: ConnectorNext<B>,
  ) => Component & Consumer<A>,
): ConnectorFactory<C>['create'] {
  return (from, to, settings, config, next) => {
    const known = taken.find((one) => (one as Signal) === from);
    if (known === undefined || (to as Signal) !== given) throw wrongPair(type, from, to);
    const made = create(known, settings, config, next as unknown as ConnectorNext<B>);
    return made as unknown as Component & Consumer<typeof from>;
  };
}

/** The `create` of a connector that gives the signal which it takes. */
export function connectorOfSame<C>(
  type: string,
  create: <S extends Signal>(
    signal: S,
    settings: Settings,
    config: C,
    next: ConnectorNext<S>,
  ) => Component & Consumer<S>,
): ConnectorFactory<C>['create'] {
  return (from, to, settings, config, next) => {
    if ((from as Signal) !== to) throw wrongPair(type, from, to);
    return create(from, settings, config, next as unknown as ConnectorNext<typeof from>);
  };
}

function wrongPair(type: string, from: Signal, to: Signal): Error {
  return new Error(`BUG: ${type} between pipelines of ${from} and ${to}`);
}
