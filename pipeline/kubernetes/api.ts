import { readFile } from 'node:fs/promises';
import { type Answer, answerOf, getRequest, responseTo } from './request.ts';
import { accountFolder, serviceUrl } from './service-account.ts';

export type { Answer };

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
  const url = serviceUrl(env);
  if (url === undefined) {
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
    url,
    token,
    ...(ca === undefined ? {} : { ca }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** Longest line that is taken, in characters. */
const maxLength = 64 << 20;

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
  const request = getRequest(url, { headers, ca: api.ca }, idleMs);
  const response = await responseTo(request);
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`cannot read ${url.pathname}: status ${response.statusCode}`);
  }
  return answerOf(request, response, maxLength);
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
