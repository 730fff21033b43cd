import http from 'node:http';
import https from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import {
  type Answer,
  answerOf,
  getRequest,
  responseTo,
} from '../../../pipeline/kubernetes/request.ts';

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

/** Longest line, which may be a whole list, that is taken, in characters. */
const maxLength = 256 << 20;

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
    const request = getRequest(url, { headers, agent: this.#agent }, idleMs);
    this.#open.add(request);
    request.once('close', () => this.#open.delete(request));
    const response = await responseTo(request);
    if (response.statusCode !== 200) {
      const why = await reasonIn(response);
      throw new StatusError(url.pathname, response.statusCode ?? 0, why);
    }
    return answerOf(request, response, maxLength);
  }

  /** Ends all requests. */
  close(): void {
    for (const request of this.#open) request.destroy();
    this.#agent.destroy();
  }
}
