import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import type { MemoryBudget } from '../../component/settings.ts';
import { proxyFor } from '../../config/groups/proxy.ts';
import { loadTlsClient } from '../../config/groups/tls-load.ts';
import { Secret } from '../../config/schema/index.ts';
import { type Decompressed, Decompressor } from '../../wire/compression/decompressor.ts';
import { DecompressError } from '../../wire/compression/types.ts';
import { Body, BodyBuffers, TooLong } from './body.ts';
import type { PromHttpClient } from './config/http-client.ts';

/** A request for text. */
export interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Bytes of the answer, decompressed; the least that is too many. */
  readonly maxBytes: number;
}

/** An answer of status 200, decompressed; its bytes are reserved with the budget. */
export interface Answered {
  /** Until it is released: its bytes are those of another answer then. */
  readonly body: Buffer;
  readonly contentType: string;
  /** Gives the memory back that the body holds, once. */
  release(): void;
}

/** Makes requests as the keys of Prometheus' HTTP clients say. */
export class Fetcher {
  readonly #client: PromHttpClient;
  readonly #budget: MemoryBudget;
  readonly #buffers: BodyBuffers;
  readonly #decompressor: Decompressor;
  #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(client: PromHttpClient, budget: MemoryBudget, buffers = new BodyBuffers()) {
    this.#client = client;
    this.#budget = budget;
    this.#buffers = buffers;
    this.#decompressor = new Decompressor(budget);
  }

  /** @throws Error when there is no answer in time, another status than 200, or too many bytes */
  async get(asked: Asked): Promise<Answered> {
    const dispatcher = await this.#dispatcher(asked.url);
    const { request } = await import('undici');
    const headers = { ...asked.headers, ...(await this.#headers()) };
    const signal = AbortSignal.timeout(Math.max(1, asked.timeoutMs));
    const {
      statusCode,
      headers: got,
      body,
    } = await request(asked.url, {
      dispatcher,
      method: 'GET',
      headers,
      signal,
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`server returned HTTP status ${statusCode}`);
    }
    return this.#read(body, asked.maxBytes, got);
  }

  async #read(
    body: AsyncIterable<Buffer>,
    maxBytes: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): Promise<Answered> {
    const received = new Body(this.#buffers, this.#budget, maxBytes);
    try {
      received.expect(Number(headers['content-length'] ?? 0));
      for await (const chunk of body) received.add(chunk);
      const contentType = String(headers['content-type'] ?? '');
      if (headers['content-encoding'] === 'gzip') {
        const { bytes, reserved } = await this.#inflate(received.bytes, maxBytes);
        received.release();
        return { body: bytes, contentType, release: () => this.#budget.release(reserved) };
      }
      return { body: received.bytes, contentType, release: () => received.release() };
    } catch (error) {
      received.release();
      throw error;
    }
  }

  async #inflate(bytes: Buffer, maxBytes: number): Promise<Decompressed> {
    try {
      return await this.#decompressor.decompress('gzip', bytes, maxBytes - 1);
    } catch (error) {
      if (!(error instanceof DecompressError) || error.fault !== 'too_large') throw error;
      throw new TooLong('body size limit exceeded', { cause: error });
    }
  }

  #dispatcher(url: string): Promise<Dispatcher> {
    const proxy = this.#proxy(url) ?? '';
    let dispatcher = this.#dispatchers.get(proxy);
    if (dispatcher === undefined) {
      dispatcher = this.#connect(proxy);
      this.#dispatchers.set(proxy, dispatcher);
    }
    return dispatcher;
  }

  #proxy(url: string): string | undefined {
    const { proxy_url: proxy, no_proxy: none, proxy_from_environment: environment } = this.#client;
    if (environment) return proxyFor(url, process.env);
    if (proxy === '') return undefined;
    if (none === '') return proxy;
    return proxyFor(url, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: none });
  }

  async #connect(proxy: string): Promise<Dispatcher> {
    const { Agent, ProxyAgent, interceptors } = await import('undici');
    const tls = await this.#tls();
    const common = { keepAliveTimeout: 300_000, connections: null };
    const headers = Object.fromEntries(
      Object.entries(this.#client.proxy_connect_header).map(([name, values]) => [
        name,
        values.map((value) => value.reveal()).join(', '),
      ]),
    );
    const dispatcher =
      proxy === ''
        ? new Agent({ ...common, connect: tls })
        : new ProxyAgent({ ...common, uri: proxy, requestTls: tls, headers });
    if (!this.#client.follow_redirects) return dispatcher;
    return dispatcher.compose(interceptors.redirect({ maxRedirections: 10 }));
  }

  async #tls(): Promise<object> {
    const given = this.#client.tls_config;
    const version = (name: string) => name.replace(/^TLS1/, '1.');
    const options = await loadTlsClient({
      ca_file: given.ca_file,
      ca_pem: new Secret(given.ca),
      cert_file: given.cert_file,
      cert_pem: new Secret(given.cert),
      key_file: given.key_file,
      key_pem: given.key,
      include_system_ca_certs_pool: false,
      min_version: version(given.min_version),
      max_version: version(given.max_version),
      cipher_suites: [],
      include_insecure_cipher_suites: false,
      curve_preferences: [],
      reload_interval: 0,
      insecure: false,
      insecure_skip_verify: given.insecure_skip_verify,
      server_name_override: given.server_name,
    });
    return options;
  }

  /** Files are read for each request: what they hold may change. */
  async #headers(): Promise<Record<string, string>> {
    const { basic_auth: basic, authorization: auth, http_headers: more } = this.#client;
    const headers: Record<string, string> = {};
    for (const [name, { values, secrets, files }] of Object.entries(more ?? {})) {
      const read = await Promise.all(files.map((file) => textOf(undefined, file)));
      headers[name] = [...values, ...secrets.map((one) => one.reveal()), ...read].join(', ');
    }
    if (basic) {
      const name =
        basic.username_file === '' ? basic.username : await textOf(undefined, basic.username_file);
      const password = await textOf(basic.password, basic.password_file);
      headers.authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    } else if (auth) {
      const text = await textOf(auth.credentials, auth.credentials_file);
      headers.authorization = `${auth.type.trim() || 'Bearer'} ${text}`;
    } else {
      const { bearer_token: token, bearer_token_file: file } = this.#client;
      const text = await textOf(token, file);
      if (text !== '') headers.authorization = `Bearer ${text}`;
    }
    return headers;
  }

  async close(): Promise<void> {
    const open = [...this.#dispatchers.values()];
    this.#dispatchers = new Map();
    for (const dispatcher of await Promise.allSettled(open)) {
      if (dispatcher.status === 'fulfilled') await dispatcher.value.destroy();
    }
  }
}

async function textOf(text: Secret | undefined, file: string): Promise<string> {
  if (file === '') return text?.reveal() ?? '';
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(`cannot read ${JSON.stringify(file)}: ${(cause as Error).message}`, { cause });
  }
}
