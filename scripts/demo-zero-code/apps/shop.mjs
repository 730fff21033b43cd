// The shop: an ordinary Node HTTP service that asks two others. Nothing of tracing is in it.
import { Agent, createServer, get } from 'node:http';

const [listen, stock, price] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

function ask(address, path) {
  return new Promise((resolve, reject) => {
    const request = get(`http://${address}${path}`, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url, 'http://shop');
  const click = searchParams.get('click') ?? 'none';
  try {
    const left = await ask(stock, `/stock?click=${click}`);
    const cost = await ask(price, `/price?click=${click}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ click, left: left.trim(), cost: cost.trim() }));
  } catch (error) {
    response.statusCode = 502;
    response.end(String(error));
  }
});
server.keepAliveTimeout = 120_000;
const [host, port] = listen.split(':');
server.listen(Number(port), host, () => console.log('ready'));
