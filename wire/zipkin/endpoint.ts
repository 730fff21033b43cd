const none = new Uint8Array(0);

/** One end of a span; used again. */
export class Endpoint {
  source: Uint8Array = none;
  nameFrom = 0;
  nameTo = 0;
  /** Addresses as text; empty = none. */
  v4: Uint8Array = none;
  v6: Uint8Array = none;
  port = 0;

  clear(): void {
    this.source = none;
    this.nameFrom = 0;
    this.nameTo = 0;
    this.v4 = none;
    this.v6 = none;
    this.port = 0;
  }

  get hasName(): boolean {
    return this.nameTo > this.nameFrom;
  }

  name(source: Uint8Array, from: number, to: number): void {
    this.source = source;
    this.nameFrom = from;
    this.nameTo = to;
  }

  set(other: Endpoint): void {
    this.name(other.source, other.nameFrom, other.nameTo);
    this.v4 = other.v4;
    this.v6 = other.v6;
    this.port = other.port;
  }
}
