import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';

/**
 * Writes the configuration of an nginx with one worker: /static from files, /new and /keep to the
 * backend by new and by kept connections, /secured after another request to it, /delayed not more
 * than 300 times a second.
 * @returns path of the file
 */
export function nginxConfig(folder: string, port: number, backend: number): string {
  mkdirSync(join(folder, 'www'), { recursive: true });
  for (const [name, size] of [
    ['small', 100],
    ['large', 200_000],
  ] as const) {
    writeFileSync(join(folder, 'www', name), 'x'.repeat(size));
  }
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ');
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `user root; daemon off; worker_processes 1; error_log ${join(folder, 'error.log')};
pid ${join(folder, 'pid')}; events { worker_connections 1024; }
http { ${temp} sendfile on; keepalive_requests 1000000;
log_format judge '$request_method $request_uri $status $request_length $bytes_sent';
access_log ${join(folder, 'access.log')} judge;
limit_req_zone $server_port zone=few:1m rate=300r/s;
upstream kept { server 127.0.0.1:${backend}; keepalive 32; }
server { listen 127.0.0.1:${port} backlog=512; root ${join(folder, 'www')};
location /static/ { alias ${join(folder, 'www')}/; }
location /keep { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://kept; }
location /auth { internal; proxy_pass http://kept/b/auth$request_uri; proxy_pass_request_body off; }
location /secured { auth_request /auth; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_pass http://kept; }
location /delayed { limit_req zone=few burst=500; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_pass http://kept; }
location /new { proxy_pass http://127.0.0.1:${backend}; } } }
`,
  );
  return file;
}

/** Waits until something listens. */
export async function listening(port: number): Promise<void> {
  const isOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  await until(isOpen, `something listens on ${port}`, undefined, 50);
}
