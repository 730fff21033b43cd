import type { EventEmitter } from 'node:events';

/**
 * Within this time the same signal again is the first one by another way: a terminal and systemd
 * signal every process of a group, and npm and the launcher, which are of it, pass theirs on.
 */
export const sameSignalMs = 1000;

/**
 * The first SIGINT or SIGTERM. One more after that, by another name or `sameSignalMs` later, is
 * given to `again`.
 * @param source emits the signals: the process
 * @param nowMs time from any begin
 */
export function stopSignal(
  source: Pick<EventEmitter, 'on'>,
  nowMs: () => number,
  again: (signal: NodeJS.Signals) => void,
): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    source.on(signal, () => {
      if (first === undefined) {
        first = { signal, atMs: nowMs() };
        resolve(signal);
      } else if (signal !== first.signal || nowMs() - first.atMs >= sameSignalMs) {
        again(signal);
      }
    });
  }
  return promise;
}

/** {@link stopSignal} of this process; one more ends it with code 1. */
export function processStopSignal(): Promise<NodeJS.Signals> {
  const nowMs = () => performance.now();
  return stopSignal(process, nowMs, (signal) => {
    process.stderr.write(`Error: ${signal} again before the shutdown was complete\n`);
    process.exit(1);
  });
}
