import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fetch, type Fetched, fetchOnce } from '../../../config/groups/http-fetch.ts';

/** Answers by method and URL, such as `GET http://169.254.169.254/v1.json`; objects become JSON. */
export type Answers = Readonly<Record<string, string | object | number>>;

/** A server that stands for all metadata services; it works as an HTTP proxy. */
export interface MetadataServer {
  /** As `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Requests that came, with the headers that metadata services look at. */
  readonly requests: readonly string[];
  /** Sends a request to this server whatever its URL is. */
  fetch(request: Fetch): Promise<Fetched>;
  close(): Promise<void>;
}

const headersThatCount = [
  'authorization',
  'metadata',
  'metadata-flavor',
  'metadata-token',
  'x-aliyun-ecs-metadata-token',
  'x-aws-ec2-metadata-token',
  'x-consul-token',
];

function described({ method = '', headers }: IncomingMessage, url: string): string {
  const shown = headersThatCount.flatMap((name) =>
    headers[name] === undefined ? [] : [`${name}=${String(headers[name])}`],
  );
  return [method, url, ...shown].join(' ');
}

async function listening(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a server that answers 404 to all but `answers`; a number is a status. */
export async function metadataServer(answers: Answers, port = 0): Promise<MetadataServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const target = request.headers['x-test-url'] ?? request.url ?? '';
    requests.push(described(request, String(target)));
    const answer = answers[`${request.method} ${String(target)}`] ?? 404;
    const status = typeof answer === 'number' ? answer : 200;
    const isJson = typeof answer === 'object';
    const headers = { 'metadata-flavor': 'Google', server: 'EC2ws' };
    response.writeHead(status, {
      ...headers,
      'content-type': isJson ? 'application/json' : 'text/plain',
    });
    response.end(isJson ? JSON.stringify(answer) : typeof answer === 'string' ? answer : '');
  });
  const url = await listening(server, port);
  return {
    url,
    requests,
    fetch: ({ url: target, tls: _tls, socketPath, ...rest }) =>
      fetchOnce({
        ...rest,
        url: `${url}/`,
        headers: {
          ...rest.headers,
          'x-test-url': socketPath === undefined ? target : `${socketPath}:${target}`,
        },
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
