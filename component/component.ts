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
  shutdown(): Promise<void>;
}
