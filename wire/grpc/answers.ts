import { acceptEncoding } from './encodings.ts';
import { Flag, FrameType } from './http2/constants.ts';
import { frameHeaderBytes, writeFrameHeader } from './http2/frames.ts';
import { encodeFields, type Fields } from './http2/hpack-encoder.ts';
import { prefixBytes } from './message-reader.ts';
import { encodeMessageText } from './message-text.ts';

const responseHeaders = encodeFields([
  [':status', '200'],
  ['content-type', 'application/grpc'],
]);
const okTrailers = encodeFields([['grpc-status', '0']]);

/**
 * A whole successful answer with an empty message as three frames; only the stream id is filled in.
 *
 *     HEADERS (:status 200, content-type) | DATA (00 00000000) | HEADERS (grpc-status 0,
 * END_STREAM)
 */
const template = Buffer.alloc(
  3 * frameHeaderBytes + responseHeaders.length + prefixBytes + okTrailers.length,
);
const dataAt = frameHeaderBytes + responseHeaders.length;
const trailersAt = dataAt + frameHeaderBytes + prefixBytes;
writeFrameHeader(template, 0, responseHeaders.length, FrameType.HEADERS, Flag.END_HEADERS, 0);
responseHeaders.copy(template, frameHeaderBytes);
writeFrameHeader(template, dataAt, prefixBytes, FrameType.DATA, 0, 0);
writeFrameHeader(
  template,
  trailersAt,
  okTrailers.length,
  FrameType.HEADERS,
  Flag.END_HEADERS | Flag.END_STREAM,
  0,
);
okTrailers.copy(template, trailersAt + frameHeaderBytes);

/** @returns the frames of a success with an empty message, {@link prefixBytes} of them payload */
export function emptyAnswer(streamId: number): Buffer {
  const out = Buffer.allocUnsafe(template.length);
  out.set(template);
  out.writeUInt32BE(streamId, 5);
  out.writeUInt32BE(streamId, dataAt + 5);
  out.writeUInt32BE(streamId, trailersAt + 5);
  return out;
}

/** Header block that begins an answer with a message. */
export const answerHeaders: Buffer = responseHeaders;

/** Header block that ends a successful answer. */
export const answerTrailers: Buffer = okTrailers;

/** @returns the prefix of an uncompressed message */
export function messagePrefix(length: number, compressed = false): Buffer {
  const out = Buffer.allocUnsafe(prefixBytes);
  out[0] = compressed ? 1 : 0;
  out.writeUInt32BE(length, 1);
  return out;
}

/** Longest grpc-message that is sent: peers limit header lists, to 8 KB in some cases. */
const maxMessageText = 2000;

/**
 * @param httpStatus 200 except where the request was not gRPC at all
 * @param details google.rpc.Status in protobuf for grpc-status-details-bin
 * @returns header block of an answer that is only a status (gRPC's Trailers-Only)
 */
export function statusBlock(
  code: number,
  message: string,
  details?: Uint8Array,
  httpStatus = 200,
): Buffer {
  const fields: [string, string][] = [
    [':status', String(httpStatus)],
    ['content-type', 'application/grpc'],
    ['grpc-status', String(code)],
  ];
  if (message !== '') {
    fields.push(['grpc-message', encodeMessageText(message.slice(0, maxMessageText))]);
  }
  if (code === 12) fields.push(['grpc-accept-encoding', acceptEncoding]);
  if (details !== undefined) {
    const base64 = Buffer.from(details).toString('base64').replace(/=+$/, '');
    fields.push(['grpc-status-details-bin', base64]);
  }
  return encodeFields(fields satisfies Fields);
}
