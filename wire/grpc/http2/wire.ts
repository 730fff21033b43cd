/** Where a connection's bytes go; the socket side. */
export interface Wire {
  /** Takes the parts in order; they are not changed afterwards. */
  write(parts: readonly Uint8Array[]): void;
  /** Called once, after the last write: GOAWAY was sent, or the peer is beyond help. */
  close(): void;
  /** Runs `flush` soon, after what is running now. */
  defer(flush: () => void): void;
}
