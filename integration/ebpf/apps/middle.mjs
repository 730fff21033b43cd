// Asks the backend once or twice a request, in the way that the first path segment says. Prints its
// port. The token in the query is passed on; only the judge reads it.
//   node middle.mjs BACKEND_PORT
import { readFile } from 'node:fs';
import { Agent, createServer, get } from 'node:http';

const backend = Number(process.argv[2]);
const free = new Agent({ keepAlive: true });
const few = new Agent({ keepAlive: true, maxSockets: 3 });
const fresh = new Agent({ keepAlive: false });

function ask(path, agent) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: backend, path, agent };
    get(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

const fetched = async (path) => (await fetch(`http://127.0.0.1:${backend}${path}`)).text();
const after = (run) => new Promise((resolve) => run(() => resolve()));

/** Without promises before the request goes out. */
const calls = (defer, path) =>
  new Promise((resolve, reject) => defer(() => ask(path, free).then(resolve, reject)));

const ways = {
  direct: (path) => ask(path, free),
  fresh: (path) => ask(path, fresh),
  fetch: (path) => fetched(path),
  await: async (path) => {
    await Promise.resolve();
    await null;
    return ask(path, free);
  },
  immediate: async (path) => {
    await after(setImmediate);
    return ask(path, free);
  },
  timer: async (path) => {
    await after((done) => setTimeout(done, 5));
    return ask(path, free);
  },
  fs: async (path) => {
    await after((done) => readFile(process.argv[1], done));
    return ask(path, free);
  },
  immediateCall: (path) => calls((run) => setImmediate(run), path),
  timerCall: (path) => calls((run) => setTimeout(run, 5), path),
  fsCall: (path) => calls((run) => readFile(process.argv[1], run), path),
  two: async (path) => {
    await ask(path, free);
    return ask(path, free);
  },
  queued: (path) => ask(path, few),
  queuedTwo: async (path) => {
    await ask(path, few);
    return ask(path, few);
  },
  queuedTimer: async (path) => {
    await after((done) => setTimeout(done, 2));
    return ask(path, few);
  },
};

// A pool of the application's own: promises only, at most three at once.
let running = 0;
const waiting = [];
async function pooled(path) {
  if (running >= 3) await new Promise((resolve) => waiting.push(resolve));
  running++;
  try {
    return await ask(path, free);
  } finally {
    running--;
    waiting.shift()?.();
  }
}
ways.pooled = pooled;

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  const way = url.pathname.split('/')[1];
  try {
    response.end(await ways[way](`/b/${way}?t=${url.searchParams.get('t')}`));
  } catch (error) {
    response.statusCode = 502;
    response.end(String(error));
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
