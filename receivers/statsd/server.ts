import type { AddressInfo } from 'node:net';

/** Something that takes lines. */
export interface StatsdServer {
  readonly address: AddressInfo | string;
  /** Takes no more lines; those that came are with the aggregator. */
  close(): Promise<void>;
}
