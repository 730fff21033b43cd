// Answers every request after some milliseconds. Prints its port.
import { createServer } from 'node:http';

let n = 0;
const server = createServer((request, response) => {
  n = (n + 7) % 13;
  setTimeout(() => response.end(`answer to ${request.url}\n`), 1 + n);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
