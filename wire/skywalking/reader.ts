import { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import { SkywalkingFault } from './fault.ts';

/** A reader of messages whose faults are {@link SkywalkingFault}. */
export function skywalkingReader(): CheckedReader {
  return new CheckedReader((what, at) => new SkywalkingFault(`${what} at byte ${at}`, at));
}
