// Clicks on the shop through nginx, in the client's namespace. Prints one JSON line when done.
//   clicks.mjs ADDRESS FIRST COUNT CONCURRENCY PER_SECOND
import { Agent, get } from 'node:http';

const [address, first, count, concurrency, rate] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });
let answered = 0;
let failed = 0;

function click(id) {
  return new Promise((resolve) => {
    const request = get(`http://${address}/buy?click=${id}`, { agent }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200 && JSON.parse(text).click === String(id)) answered += 1;
        else failed += 1;
        resolve();
      });
    });
    request.on('error', () => {
      failed += 1;
      resolve();
    });
  });
}

const start = performance.now();
const pending = [];
for (let i = 0; i < Number(count); i += 1) {
  const due = start + (i * 1000) / Number(rate);
  const wait = due - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  pending.push(click(Number(first) + i));
}
await Promise.all(pending);
agent.destroy();
console.log(JSON.stringify({ answered, failed }));
