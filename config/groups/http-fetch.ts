import type { ConnectionOptions } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import { proxyFor } from './proxy.ts';

/** A request for something small, such as a token or keys. */
export interface Fetch {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for all of it; 0 = any. */
  readonly timeoutMs: number;
  readonly tls?: ConnectionOptions | undefined;
  /** Path of a Unix socket that is connected to, whatever the host of the URL. */
  readonly socketPath?: string | undefined;
}

/** A whole answer, of any status; the body as UTF-8, `contentType` '' where it names none. */
export interface Fetched {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Bytes of an answer that are taken. */
const maxBytes = 1 << 20;

async function dispatcherFor({ url, tls, socketPath }: Fetch): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const connect = (tls ?? {}) as buildConnector.BuildOptions;
  if (socketPath !== undefined) return new Agent({ connect: { ...connect, socketPath } });
  const proxy = proxyFor(url, process.env);
  if (proxy === undefined) return new Agent({ connect });
  return new ProxyAgent({ uri: proxy, requestTls: connect, proxyTunnel: url.startsWith('https:') });
}

/**
 * Makes one request over a connection of its own, through the proxy of the environment.
 * @throws Error when there is no answer, in time, or it is over 1 MiB
 */
export async function fetchOnce(given: Fetch): Promise<Fetched> {
  const { request } = await import('undici');
  const dispatcher = await dispatcherFor(given);
  const signal = given.timeoutMs > 0 ? AbortSignal.timeout(given.timeoutMs) : null;
  try {
    const { statusCode, headers, body } = await request(given.url, {
      dispatcher,
      method: given.method,
      headers: given.headers ?? {},
      body: given.body ?? null,
      signal,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`the answer is over ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    const contentType = String(headers['content-type'] ?? '');
    return { status: statusCode, contentType, body: Buffer.concat(chunks).toString('utf8') };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot ${given.method} ${given.url}: ${text}`, { cause });
  } finally {
    await dispatcher.destroy();
  }
}
