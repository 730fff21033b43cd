import type { ClientRequest, IncomingMessage } from 'node:http';
import { defaultParseLimits } from './parse.ts';
import type { Provider } from './providers.ts';

const timeoutMs = 30_000;
const mostRedirects = 10;

/**
 * `http:` and `https:`: one GET, which must answer 200 with at most 4 MiB within 30 s; up to ten
 * redirects are followed. Certificates are checked against the system's and Node's own authorities.
 */
export function httpProvider(scheme: 'http' | 'https'): Provider {
  return async (opaque) => {
    const uri = `${scheme}:${opaque}`;
    if (!/^\/\/[^/]/.test(opaque) || !URL.canParse(uri)) {
      throw new Error(`invalid uri ${JSON.stringify(uri)}`);
    }
    try {
      return { text: await get(new URL(uri), 0), name: uri, located: true };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot read the configuration from ${JSON.stringify(uri)}: ${why}`, {
        cause: error,
      });
    }
  };
}

async function get(url: URL, redirects: number): Promise<string> {
  const response = await answer(url);
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
    response.destroy();
    if (redirects === mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
    return get(new URL(location, url), redirects + 1);
  }
  if (status !== 200) {
    response.destroy();
    throw new Error(`status code ${status}, expected 200`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > defaultParseLimits.maxLength) {
      response.destroy();
      throw new Error(`the answer has more than ${defaultParseLimits.maxLength} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(url: URL): Promise<IncomingMessage> {
  const signal = AbortSignal.timeout(timeoutMs);
  const request = await open(url, signal);
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', (error) => {
      const late = signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error;
      reject(late);
    });
    request.end();
  });
}

async function open(url: URL, signal: AbortSignal): Promise<ClientRequest> {
  if (url.protocol === 'http:') {
    const http = await import('node:http');
    return http.request(url, { signal, agent: false });
  }
  if (url.protocol !== 'https:') throw new Error(`redirected to ${JSON.stringify(url.href)}`);
  const [https, tls] = await Promise.all([import('node:https'), import('node:tls')]);
  const ca = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
  return https.request(url, { signal, ca, agent: false });
}
