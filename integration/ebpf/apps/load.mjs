// Sends requests with a token each over kept connections, and prints how many got status 200.
//   node load.mjs PORT PATH FROM COUNT CONCURRENCY
import { Agent, get } from 'node:http';

const [port, path, from, count, concurrency] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });
let next = Number(from);
const end = next + Number(count);
let good = 0;

function one() {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: Number(port), path: `${path}?t=${next++}`, agent };
    get(options, (response) => {
      if (response.statusCode === 200) good++;
      response.resume();
      response.on('end', resolve);
    }).on('error', resolve);
  });
}

await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (next < end) await one();
  }),
);
agent.destroy();
console.log(good);
