import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { BackendOf, Routes } from './assignment.ts';
import type { Config } from './config.ts';
import { routeLogs } from './route-logs.ts';
import { routeMetrics } from './route-metrics.ts';
import { routeTraces } from './route-traces.ts';

/** Decides for all items of a batch. */
export type Router<S extends Signal> = (
  batch: Batch<S>,
  routes: Routes,
  backendOf: BackendOf,
) => void;

/**
 * The router for a signal.
 * @param random numbers in [0, 1)
 * @throws Error for a routing key that the signal does not have
 */
export function routerFor<S extends Signal>(
  signal: S,
  config: Config,
  random: () => number,
): Router<S> {
  const { routing_key: key, routing_attributes: attributes } = config;
  let route: unknown;
  if (signal === 'traces') route = routeTraces(key, attributes);
  else if (signal === 'logs') route = routeLogs(key, attributes, random);
  else if (signal === 'metrics') route = routeMetrics(key, attributes);
  else throw new Error(`cannot balance ${signal}`);
  return route as Router<S>;
}
