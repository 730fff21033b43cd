import http from 'node:http';
import https from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** TLS of a cluster and of who asks it. */
export interface ClusterTls extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  /** Name that the server's certificate has to have; absent = that of the URL. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** How the API of a cluster is reached. */
export interface Access {
  /** http(s)://host[:port][/path] */
  readonly url: string;
  readonly tls: ClusterTls;
  /** Value of the header Authorization for the next request; undefined = none. */
  authorization(): Promise<string | undefined>;
}

/** An answer other than 200. */
export class StatusError extends Error {
  readonly status: number;
  constructor(path: string, status: number, why: string) {
    super(`cannot read ${path}: status ${status}${why === '' ? '' : `: ${why}`}`);
    this.status = status;
  }
}

/** Longest line and object that is taken, in characters. */
const maxLength = 256 << 20;

/** An answer that is being read; `close` ends it. */
export interface Answer {
  readonly lines: AsyncIterable<string>;
  close(): void;
}

/**
 * Lines of a stream. What came without an end yet is kept in pieces and joined once: a list of all
 * pods may be one line.
 */
async function* linesOf(stream: http.IncomingMessage): AsyncIterable<string> {
  stream.setEncoding('utf8');
  let pieces: string[] = [];
  let held = 0;
  for await (const chunk of stream) {
    let text = chunk as string;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      pieces.push(text.slice(0, end));
      yield pieces.join('');
      pieces = [];
      held = 0;
      text = text.slice(end + 1);
    }
    pieces.push(text);
    held += text.length;
    if (held > maxLength) throw new Error(`cannot read an object of over ${maxLength} characters`);
  }
  if (held > 0) yield pieces.join('');
}

async function reasonIn(response: http.IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < 4096) text += chunk as string;
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? '');
  } catch {
    return text.slice(0, 200).trim();
  }
}

/** Requests to the API of a cluster. */
export class Connection {
  readonly #access: Access;
  readonly #agent: http.Agent;
  readonly #open = new Set<http.ClientRequest>();

  constructor(access: Access) {
    this.#access = access;
    this.#agent = access.url.startsWith('https:')
      ? new https.Agent({ keepAlive: true, ...access.tls })
      : new http.Agent({ keepAlive: true });
  }

  /**
   * GETs a path.
   * @param idleMs time without bytes after which the request is given up
   * @throws StatusError for any answer but 200; Error when there is none
   */
  async get(path: string, accept: string, idleMs: number): Promise<Answer> {
    const authorization = await this.#access.authorization();
    const url = new URL(this.#access.url.replace(/\/$/, '') + path);
    const headers = { accept, ...(authorization === undefined ? {} : { authorization }) };
    const { get } = url.protocol === 'https:' ? https : http;
    const request = get(url, { headers, agent: this.#agent });
    this.#open.add(request);
    request.once('close', () => this.#open.delete(request));
    request.setTimeout(idleMs, () => {
      request.destroy(new Error(`cannot read ${url.pathname}: nothing came in ${idleMs} ms`));
    });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
    });
    if (response.statusCode !== 200) {
      const why = await reasonIn(response);
      throw new StatusError(url.pathname, response.statusCode ?? 0, why);
    }
    return { lines: linesOf(response), close: () => void request.destroy() };
  }

  /** Ends all requests. */
  close(): void {
    for (const request of this.#open) request.destroy();
    this.#agent.destroy();
  }
}
