import type { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { utf8 } from '../../../pdata/readers/value-view.ts';

/** Reads the field whose tag was read, or goes past it. */
type Field = (input: CheckedReader, tag: number) => void;

/** Reads the message that begins with its length here. */
export function readInside(input: CheckedReader, field: Field): void {
  const outer = input.enter();
  for (let tag = input.next(); tag !== 0; tag = input.next()) field(input, tag);
  input.leave(outer);
}

/** Text that begins with its length here; what is not UTF-8 gets U+FFFD. */
function readText(input: CheckedReader): string {
  input.range();
  return utf8(input.bytes, input.from, input.to);
}

/** Reads io.prometheus.client.LabelPair at its length; what is absent is ''. */
export function readLabel(input: CheckedReader): [string, string] {
  const label: [string, string] = ['', ''];
  readInside(input, (inner, tag) => {
    if (tag === 10) label[0] = readText(inner);
    else if (tag === 18) label[1] = readText(inner);
    else inner.skip(tag);
  });
  return label;
}
