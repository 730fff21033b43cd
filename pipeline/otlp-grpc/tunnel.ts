import type { Socket } from 'node:net';

/** Time that a proxy has to open a tunnel. */
const tunnelMs = 20_000;

/**
 * A connection to `host:port` through an HTTP proxy (CONNECT).
 * @param proxy its URL; a user and password in it are sent as basic authentication
 * @throws Error when the proxy cannot be reached or refuses
 */
export async function openTunnel(proxy: string, authority: string): Promise<Socket> {
  const url = new URL(proxy);
  const { request } = await (url.protocol === 'https:'
    ? import('node:https')
    : import('node:http'));
  const headers: Record<string, string> = { host: authority };
  if (url.username !== '') {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['proxy-authorization'] = `Basic ${Buffer.from(login).toString('base64')}`;
  }
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`cannot connect through proxy ${url.host}: ${why}`));
    const call = request({
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers,
      timeout: tunnelMs,
      agent: false,
    });
    call.on('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        fail(`it answered ${response.statusCode}`);
      }
    });
    call.on('response', (response) => {
      response.destroy();
      fail(`it answered ${response.statusCode}`);
    });
    call.on('timeout', () => call.destroy(new Error('timed out')));
    call.on('error', (error) => fail(error.message));
    call.end();
  });
}
