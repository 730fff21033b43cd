/** Who is at an address, learned from captured requests and flows of the same window. */

/** Names an address, where all that is known of it agrees. Loopback is everybody's. */
export class AddressNames {
  readonly #names = new Map<string, string | undefined>();

  /** @param address `host`, or `host:port` of a server */
  learn(address: string, name: string): void {
    if (address === '' || name === '' || name === address || isLoopback(address)) return;
    if (!this.#names.has(address)) this.#names.set(address, name);
    else if (this.#names.get(address) !== name) this.#names.set(address, undefined);
  }

  /** The name, or undefined when there is none or more than one. */
  of(address: string): string | undefined {
    return this.#names.get(address);
  }
}

/** A client's address alone is anybody's on this host; a server's port is one process'. */
function isLoopback(address: string): boolean {
  return /^127\.[\d.]+$/.test(address) || address === '::1';
}
