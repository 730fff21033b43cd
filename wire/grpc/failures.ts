import { DecompressError } from '../compression/types.ts';
import { Code } from '../status/code.ts';
import type { MessageFault } from './message-reader.ts';
import type { ServerCall } from './server-call.ts';

const noMemory = 'no memory for the request now, try again later';

/** Refuses a call whose message cannot be taken. @param length what its prefix says */
export function failMessage(call: ServerCall, fault: MessageFault, length: number): void {
  const { maxMessageBytes } = call.connection.options;
  if (fault === 'too_large') {
    const text = `grpc: received message larger than max (${length} vs. ${maxMessageBytes})`;
    call.fail(Code.RESOURCE_EXHAUSTED, text);
  } else if (fault === 'no_memory') call.fail(Code.UNAVAILABLE, noMemory);
  else if (fault === 'extra') {
    call.fail(Code.INTERNAL, 'more bytes than the message of a unary call has');
  } else call.fail(Code.INTERNAL, 'grpc: received unexpected payload format');
}

/** Refuses a call whose message cannot be decompressed. */
export function failDecompress(call: ServerCall, error: unknown, maxMessageBytes: number): void {
  if (!(error instanceof DecompressError)) {
    call.fail(Code.INTERNAL, `BUG: ${String(error)}`);
  } else if (error.fault === 'too_large') {
    const text = `grpc: received message after decompression larger than max ${maxMessageBytes}`;
    call.fail(Code.RESOURCE_EXHAUSTED, text);
  } else if (error.fault === 'no_memory') call.fail(Code.UNAVAILABLE, noMemory);
  else call.fail(Code.INTERNAL, `grpc: failed to decompress the message: ${error.message}`);
}
