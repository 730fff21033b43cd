import { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import { WireError } from '../../pdata/wire-error.ts';

/** A reader of protobuf that nothing is known of, standing on all of `bytes`; throws WireError. */
export function protoReader(bytes: Uint8Array): CheckedReader {
  const r = new CheckedReader(
    (what, at) => new WireError(`cannot read protobuf at byte ${at}: ${what}`, at, ''),
  );
  r.bind(bytes, 0, bytes.length);
  return r;
}
