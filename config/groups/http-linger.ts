import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Settings } from '../../component/settings.ts';

/** How often a connection that lingers is looked at. */
const tickMs = 250;

/** What lets it linger: a sender that goes on, for so long and with so much at most. */
const patience = { silenceMs: 1000, wholeMs: 10_000, bytes: 64 << 20 } as const;

/**
 * A connection that ends with an answer does so when the request has come whole, or its sender
 * has given up: one that is closed while bytes come in is reset, and senders that read no answer
 * before they have written everything would never see it. What comes is thrown away.
 */
export function lingerAfter(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Settings['clock'],
): void {
  const { headers, socket } = request;
  const length = headers['content-length'];
  if ((length === undefined || length === '0') && headers['transfer-encoding'] === undefined)
    return;
  // before the listener of node:http, which ends the connection
  response.prependOnceListener('finish', () => {
    if (!request.complete) holdOpen(request, socket, clock);
  });
}

function holdOpen(request: IncomingMessage, socket: Socket, clock: Settings['clock']): void {
  const endNow = socket.destroySoon;
  socket.destroySoon = (): void => {
    socket.destroySoon = endNow;
    if (request.complete || socket.destroyed) {
      socket.destroySoon();
      return;
    }
    const sinceMs = clock.monotonicMs();
    const first = socket.bytesRead;
    let heardMs = sinceMs;
    let seen = first;
    let timer = { cancel: (): void => undefined };
    const end = (): void => {
      timer.cancel();
      socket.destroySoon();
    };
    const look = (): void => {
      const now = clock.monotonicMs();
      if (socket.bytesRead > seen) heardMs = now;
      seen = socket.bytesRead;
      const isOver = now - heardMs >= patience.silenceMs || now - sinceMs >= patience.wholeMs;
      if (isOver || seen - first > patience.bytes) end();
      else timer = clock.after(tickMs, look);
    };
    timer = clock.after(tickMs, look);
    request.on('end', end);
    socket.on('close', () => timer.cancel());
  };
}
