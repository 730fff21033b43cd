import http from 'node:http';
import https from 'node:https';

/** An answer that is being read; `close` ends it. */
export interface Answer {
  readonly lines: AsyncIterable<string>;
  close(): void;
}

/**
 * Begins a GET.
 * @param idleMs time without bytes after which the request is given up
 */
export function getRequest(
  url: URL,
  options: https.RequestOptions,
  idleMs: number,
): http.ClientRequest {
  const { get } = url.protocol === 'https:' ? https : http;
  const request = get(url, options);
  request.setTimeout(idleMs, () => {
    request.destroy(new Error(`cannot read ${url.pathname}: nothing came in ${idleMs} ms`));
  });
  return request;
}

/** What a request is answered. @throws Error when it is not */
export function responseTo(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
}

/**
 * The lines of what a request is answered. What came without an end yet is kept in pieces and
 * joined once: a list of all pods may be one line.
 * @param maxLength longest line that is taken, in characters
 */
export function answerOf(
  request: http.ClientRequest,
  response: http.IncomingMessage,
  maxLength: number,
): Answer {
  return { lines: linesOf(response, maxLength), close: () => void request.destroy() };
}

async function* linesOf(stream: http.IncomingMessage, maxLength: number): AsyncIterable<string> {
  stream.setEncoding('utf8');
  let pieces: string[] = [];
  let held = 0;
  const hold = (piece: string): void => {
    pieces.push(piece);
    held += piece.length;
    if (held > maxLength) throw new Error(`cannot read a line of over ${maxLength} characters`);
  };
  for await (const chunk of stream) {
    let text = chunk as string;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      hold(text.slice(0, end));
      yield pieces.join('');
      pieces = [];
      held = 0;
      text = text.slice(end + 1);
    }
    hold(text);
  }
  if (held > 0) yield pieces.join('');
}
