import { apiUrl, type Params } from './client.ts';

export interface EventHandlers {
  /** @param data parsed JSON */
  readonly event: (name: string, data: unknown) => void;
  /** The stream broke; it is not tried again. */
  readonly failed: () => void;
}

/**
 * Listens to server-sent events.
 * @param names of events that are told of
 * @returns what ends it
 */
export function listen(
  path: string,
  params: Params,
  names: readonly string[],
  handlers: EventHandlers,
): () => void {
  const source = new EventSource(apiUrl(path, params));
  for (const name of names) {
    source.addEventListener(name, (event) => {
      handlers.event(name, JSON.parse((event as MessageEvent<string>).data));
    });
  }
  source.addEventListener('error', (event) => {
    // A message that the server named `error` has data; a broken connection has none.
    if (event instanceof MessageEvent) return;
    source.close();
    handlers.failed();
  });
  return () => source.close();
}
