/** The part of a request's client that actions may read. */
export interface ActionClient {
  /** `host:port` or a host, '' when there is none. */
  readonly address: string;
  /** By name in lower case. */
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  readonly auth?: Readonly<Record<string, unknown>>;
}

function joined(values: readonly string[] | undefined): string | undefined {
  return values === undefined || values.length === 0 ? undefined : values.join(';');
}

function metadata(client: ActionClient, name: string): string | undefined {
  return joined(client.metadata.get(name) ?? client.metadata.get(name.toLowerCase()));
}

/** The host of `host:port`, IPv6 without brackets. */
function hostOf(address: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(address);
  if (bracketed !== null) return bracketed[1]!;
  const colon = address.lastIndexOf(':');
  return colon < 0 || address.indexOf(':') !== colon ? address : address.slice(0, colon);
}

/**
 * What `from_context` gives: `client.address` (without port), `metadata.<name>`, `auth.<name>` (a
 * text or texts), and for any other name the metadata of that name. Several values are joined
 * by `;`. @returns undefined when there is none
 */
export function contextValue(client: ActionClient, name: string): string | undefined {
  if (name === 'client.address') return hostOf(client.address);
  if (name.startsWith('metadata.')) return metadata(client, name.slice('metadata.'.length));
  if (!name.startsWith('auth.')) return metadata(client, name);
  const value = client.auth?.[name.slice('auth.'.length)];
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
    return joined(value);
  return undefined;
}
