import type { KindName } from './kinds.ts';

/** A path of the HTTP protocol. */
export interface Route {
  /** What its body holds; undefined = it says nothing that is kept. */
  readonly kind: KindName | undefined;
  /** Whether the body is an array of messages. */
  readonly list: boolean;
}

const one = (kind?: KindName): Route => ({ kind, list: false });
const list = (kind: KindName): Route => ({ kind, list: true });

/** Paths that agents post JSON to, those of SkyWalking's own server. */
export const routes: ReadonlyMap<string, Route> = new Map([
  ['/v3/segment', one('segment')],
  ['/v3/segments', list('segment')],
  ['/v3/logs', list('log')],
  ['/v3/events', list('event')],
  ['/v3/management/reportProperties', one('properties')],
  ['/v3/management/keepAlive', one()],
  ['/browser/perfData', one('page')],
  ['/browser/perfData/webVitals', one('webVitals')],
  ['/browser/perfData/resources', list('resource')],
  ['/browser/perfData/webInteractions', list('interaction')],
  ['/browser/errorLog', one('browserError')],
  ['/browser/errorLogs', list('browserError')],
]);
