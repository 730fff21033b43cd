/**
 * An HTTP server under SkyWalking's agent for Node.js: asks the next server for each request.
 * usage: skywalking-node.cjs COLLECTOR NEXT (host:port each). Prints its port; ends with its input.
 */
const { default: agent } = require('skywalking-backend-js');

const [collectorAddress, next] = process.argv.slice(2);
agent.start({ serviceName: 'shop', serviceInstance: 'shop-1', collectorAddress });

const http = require('node:http');
const [host, port] = next.split(':');

const server = http.createServer((request, response) => {
  const path = `/step${request.url.slice(request.url.indexOf('?'))}`;
  const call = http.request({ host, port: Number(port), path, method: 'GET' }, (answer) => {
    response.statusCode = answer.statusCode;
    answer.resume();
    answer.on('end', () => response.end('done'));
  });
  call.on('error', () => {
    response.statusCode = 502;
    response.end();
  });
  call.end();
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));

process.stdin.resume();
process.stdin.on('end', async () => {
  await agent.flush();
  setTimeout(() => process.exit(0), 500);
});
