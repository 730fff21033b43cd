import type { Exposition } from './exposition.ts';
import { ScrapeFault } from './fault.ts';

export interface ProtobufOptions {
  /** Whether native histograms are taken; else their classic buckets are. */
  readonly natives: boolean;
  /** Whether classic buckets are taken beside native ones. */
  readonly classics: boolean;
}

export function readProtobuf(b: Buffer, _out: Exposition, _options: ProtobufOptions): void {
  throw new ScrapeFault('not built', b.length);
}
