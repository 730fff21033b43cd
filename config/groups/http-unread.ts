import type { Server } from 'node:http';

/**
 * A client that does not read its answer for so long is cut off; gRPC servers have the same limit.
 * Not a round number: a socket's time-out of this length is this one, not `idle_timeout`.
 */
const unreadMs = 30_001;

/** Ends connections of whose answers nobody reads a byte for so long. @returns the server */
export function cutOffUnread(server: Server, ms = unreadMs): Server {
  return server.setTimeout(ms, (socket) => {
    const isIdle = socket.timeout !== ms;
    if (isIdle || socket.writableLength > 0) socket.destroy();
  });
}
