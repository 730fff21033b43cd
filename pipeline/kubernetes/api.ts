import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How the API of a cluster is reached. */
export interface KubernetesApi {
  /** http(s)://host:port */
  readonly url: string;
  readonly ca?: string;
  /** The token for the next request; undefined = none. */
  token(): Promise<string | undefined>;
  /** Namespace that this program runs in; undefined = not known. */
  readonly namespace?: string;
}

/**
 * The cluster that this program runs in, by the environment and files that each pod has.
 * @throws Error outside of a cluster
 */
export async function inCluster(env: NodeJS.ProcessEnv): Promise<KubernetesApi> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw new Error(
      'cannot reach the Kubernetes API: this program does not run in a cluster ' +
        '(no KUBERNETES_SERVICE_HOST)',
    );
  }
  const read = (name: string) =>
    readFile(`${accountFolder}/${name}`, 'utf8').catch(() => undefined);
  const ca = await read('ca.crt');
  const namespace = (await read('namespace'))?.trim();
  const token = async () => (await read('token'))?.trim();
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    token,
    ...(ca === undefined ? {} : { ca }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** An answer that is being read; `close` ends it. */
export interface Answer {
  readonly lines: AsyncIterable<string>;
  close(): void;
}

/** Longest answer and line that is taken, in characters. */
const maxLength = 64 << 20;

async function* linesOf(response: http.IncomingMessage): AsyncIterable<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    rest += chunk as string;
    if (rest.length > maxLength) throw new Error(`cannot read a line of ${rest.length} characters`);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/**
 * GETs a path of the API.
 * @param idleMs time without bytes after which the connection is given up
 * @throws Error for any answer but 200
 */
export async function get(api: KubernetesApi, path: string, idleMs: number): Promise<Answer> {
  const token = await api.token();
  const url = new URL(path, api.url);
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const done = (response: http.IncomingMessage): void => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`cannot read ${url.pathname}: status ${response.statusCode}`));
        return;
      }
      resolve({ lines: linesOf(response), close: () => void request.destroy() });
    };
    const request =
      url.protocol === 'https:'
        ? https.get(url, { headers, ca: api.ca }, done)
        : http.get(url, { headers }, done);
    request.setTimeout(idleMs, () => {
      request.destroy(new Error(`cannot read ${url.pathname}: nothing came in ${idleMs} ms`));
    });
    request.on('error', reject);
  });
}

/**
 * Reads one object of the API.
 * @throws Error for any answer but 200, and for what is no JSON
 */
export async function getObject(
  api: KubernetesApi,
  path: string,
  timeoutMs: number,
): Promise<unknown> {
  const answer = await get(api, path, timeoutMs);
  let text = '';
  for await (const line of answer.lines) text += `${line}\n`;
  return JSON.parse(text) as unknown;
}
