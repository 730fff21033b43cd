/**
 * Anything that is started and shut down by the graph.
 *
 * - `start` may open sockets and files and start timers; when it rejects, start-up fails and what
 *   it opened is closed by `shutdown`. Consumers downstream are started before it sends to them.
 * - `shutdown` is safe without start and twice; it stops taking, hands on or persists what it
 *   holds, and leaves no timer, socket or child behind. Receivers stop first, exporters last.
 */
export interface Component {
  start(): Promise<void>;
  /**
   * Called before `start` when a changed configuration puts this instance in the place of a running
   * one of the same type, name, and place in the graph: it may take what the other holds (queued
   * batches, series, traces), through the other's own methods. Nothing is sent to either meanwhile;
   * the other is shut down afterwards. Without it, the other hands on what it holds as it stops.
   */
  takeOver?(previous: Component): Promise<void>;
  shutdown(): Promise<void>;
}
