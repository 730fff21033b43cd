import type { ClientInfo } from '../../component/consumer.ts';

/** Where a value comes from; undefined client = nobody is known. */
export type Source = (client: ClientInfo | undefined) => string;

/**
 * A value of the client's metadata.
 * @throws Error (when it is asked) when there are several
 */
export function fromContext(key: string, fallback: string): Source {
  const name = key.toLowerCase();
  return (client) => {
    const values = client?.metadata.get(name) ?? [];
    if (values.length > 1) {
      throw new Error(
        `${values.length} source keys found in the context, can't determine which one to use`,
      );
    }
    return values[0] ?? fallback;
  };
}

/** What the client's authenticator said, in JSON where it is no text. */
export function fromAttribute(key: string, fallback: string): Source {
  return (client) => {
    const value = client?.auth?.[key];
    if (value === undefined || value === null) return fallback;
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
}
