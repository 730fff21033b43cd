import { Flag, FrameType } from './constants.ts';

/** Bytes of a frame header: length (3), type (1), flags (1), stream id (4). */
export const frameHeaderBytes = 9;

/** Writes a frame header at `at`. */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = streamId >>> 24;
  out[at + 6] = streamId >>> 16;
  out[at + 7] = streamId >>> 8;
  out[at + 8] = streamId;
}

/** @returns a frame with its payload copied */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  writeFrameHeader(out, 0, payload.length, type, flags, streamId);
  out.set(payload, frameHeaderBytes);
  return out;
}

function frame32(type: number, streamId: number, value: number): Buffer {
  const out = Buffer.allocUnsafe(frameHeaderBytes + 4);
  writeFrameHeader(out, 0, 4, type, 0, streamId);
  out.writeUInt32BE(value, frameHeaderBytes);
  return out;
}

/** RST_STREAM of RFC 9113, 6.4; ends a stream with an error code of section 7. */
export function resetFrame(streamId: number, code: number): Buffer {
  return frame32(FrameType.RST_STREAM, streamId, code);
}

/** WINDOW_UPDATE of RFC 9113, 6.9; `increment` is bytes, 1 to 2^31-1, stream 0 = the connection. */
export function windowUpdateFrame(streamId: number, increment: number): Buffer {
  return frame32(FrameType.WINDOW_UPDATE, streamId, increment);
}

/** @param payload eight bytes */
export function pingFrame(payload: Uint8Array, ack: boolean): Buffer {
  return frame(FrameType.PING, ack ? Flag.ACK : 0, 0, payload);
}

/** GOAWAY of RFC 9113, 6.8; streams above `lastStreamId` were not looked at. */
export function goawayFrame(lastStreamId: number, code: number, debug: string): Buffer {
  const text = Buffer.from(debug);
  const payload = Buffer.allocUnsafe(8 + text.length);
  payload.writeUInt32BE(lastStreamId, 0);
  payload.writeUInt32BE(code, 4);
  payload.set(text, 8);
  return frame(FrameType.GOAWAY, 0, 0, payload);
}

/** @param settings identifier, value pairs */
export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.length);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

/** The answer to a peer's SETTINGS (RFC 9113, 6.5.3). */
export function settingsAckFrame(): Buffer {
  return frame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0));
}

/**
 * A header block as HEADERS and, where the peer's frame size asks for it, CONTINUATION frames.
 */
export function headerFrames(
  streamId: number,
  block: Uint8Array,
  endStream: boolean,
  maxFrame: number,
): Buffer {
  const endFlag = endStream ? Flag.END_STREAM : 0;
  if (block.length <= maxFrame) {
    return frame(FrameType.HEADERS, Flag.END_HEADERS | endFlag, streamId, block);
  }
  const frames = [frame(FrameType.HEADERS, endFlag, streamId, block.subarray(0, maxFrame))];
  for (let at = maxFrame; at < block.length; at += maxFrame) {
    const part = block.subarray(at, at + maxFrame);
    const last = at + maxFrame >= block.length ? Flag.END_HEADERS : 0;
    frames.push(frame(FrameType.CONTINUATION, last, streamId, part));
  }
  return Buffer.concat(frames);
}
