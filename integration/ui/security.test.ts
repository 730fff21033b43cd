/** Who may look, what may run and where requests go: the page's defences, in a browser. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { browserObstacle, driveAt, type Tab } from '../lib/page.ts';
import { Program, scratch } from '../lib/program.ts';

const screens = ['/traces', '/services', '/pipelines'];

interface Served {
  readonly program: Program;
  /** Open to everybody on this machine. */
  readonly open: string;
  /** Behind basicauth, below a path prefix. */
  readonly behind: string;
}

/** A program with two pages and no storage: what is asked here needs none. */
async function serve(t: TestContext): Promise<Served> {
  const folder = scratch();
  t.after(() => folder.remove());
  const [otlp, open, behind, metrics = 0] = await freePorts(4);
  const config = `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
exporters:
  nop:
extensions:
  basicauth: {htpasswd: {inline: "ann:secret"}}
  ui: {endpoint: "127.0.0.1:${open}"}
  ui/behind:
    endpoint: "127.0.0.1:${behind}"
    base_path: /watch/it
    auth: {authenticator: basicauth}
service:
  extensions: [basicauth, ui, ui/behind]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort: metrics });
  t.after(() => program.stop());
  const at = (port: number | undefined): string => `http://127.0.0.1:${port}`;
  return { program, open: at(open), behind: `${at(behind)}/watch/it` };
}

function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => {
        body += part.toString();
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

test('other hosts, other origins and requests without the token are refused', async (t) => {
  const { open } = await serve(t);
  for (const path of ['/', '/traces', '/api/v1/info']) {
    const foreign = await ask(`${open}${path}`, { host: 'rebound.example:16690' });
    assert.equal(foreign.status, 403, path);
    assert.match(foreign.body, /rebound\.example/);
    assert.doesNotMatch(foreign.body, /token/);
    const { headers } = await ask(`${open}${path}`, { origin: 'http://other.example' });
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const policy = String(headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split('; ').includes(rule), `${path}: ${policy}`);
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  }
  for (const token of ['', '0'.repeat(32)]) {
    const headers = { 'x-wirestitch-token': token, 'content-type': 'application/json' };
    const refused = await ask(`${open}/api/v1/config/check`, headers, 'POST');
    assert.equal(refused.status, 403, refused.body);
    assert.match(refused.body, /X-Wirestitch-Token/);
  }
});

/** Each screen is shown, with what it says of a program without storage, and asks only its host. */
async function visitScreens(tab: Tab, prefix: string): Promise<void> {
  for (const screen of screens) {
    await tab.page.goto(`${tab.base}${prefix}${screen}`);
    await tab.page.locator('main').waitFor();
    await tab.page.waitForLoadState('networkidle');
    assert.notEqual(((await tab.page.locator('main').textContent()) ?? '').trim(), '', screen);
  }
  assert.deepEqual(tab.hosts, [new URL(tab.base).host]);
}

test('in the browser: nothing but its own scripts runs, and no request leaves the host', async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const { open, program } = await serve(t);
  const { tab } = await driveAt(t, open);
  await visitScreens(tab, '');
  tab.expectFault(/status of 404.*\/api\/v1\//s);
  const ran = await tab.page.evaluate(`new Promise((resolve) => {
    const told = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      told.push(event.effectiveDirective);
    });
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    const image = document.createElement('img');
    image.src = 'http://other.example/x.png';
    image.setAttribute('onerror', 'window.injected = true');
    document.body.append(image);
    setTimeout(() => resolve([window.injected, ...told.sort()]), 200);
  })`);
  const stopped = ['img-src', 'script-src-attr', 'script-src-elem'];
  assert.deepEqual(ran, [undefined, ...stopped]);
  for (const rule of [/script/i, /other\.example/]) tab.expectFault(rule);
  tab.assertClean();
  assert.doesNotMatch(program.log, /BUG/);
});

test('behind basicauth the browser asks its user, and events come too', async (t) => {
  const obstacle = browserObstacle();
  if (obstacle !== '') return t.skip(obstacle);
  const { behind } = await serve(t);
  const refused = await ask(`${behind}/traces`, {});
  assert.equal(refused.status, 401);
  assert.equal(refused.headers['www-authenticate'], 'Basic realm="wirestitch", charset="UTF-8"');
  const { chromium, tab } = await driveAt(t, new URL(behind).origin, {
    user: { username: 'ann', password: 'secret' },
  });
  await visitScreens(tab, '/watch/it');
  const told = await tab.page.evaluate(`(async () => {
    const at = (path) => new URL('api/v1/' + path, document.baseURI);
    const { graph } = await (await fetch(at('pipelines'))).json();
    const url = at('pipelines/tap');
    url.search = new URLSearchParams(graph.edges[0]);
    return new Promise((resolve) => {
      const source = new EventSource(url);
      source.addEventListener('opened', (event) => {
        source.close();
        resolve(JSON.parse(event.data));
      });
      source.onerror = () => resolve('failed');
      setTimeout(() => resolve('no event came'), 20_000);
    });
  })()`);
  assert.deepEqual(Object.keys(told as object), ['batchesPerSecond', 'itemsPerBatch']);
  const stranger = await chromium.open(new URL(behind).origin);
  await assert.rejects(stranger.page.goto(behind), /ERR_INVALID_AUTH_CREDENTIALS/);
});
