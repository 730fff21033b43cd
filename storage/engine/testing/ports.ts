/** Tries to connect to the TCP port given, to send a datagram and to listen; prints the codes. */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

function outcome(emitter: NodeJS.EventEmitter, good: string): Promise<string> {
  return new Promise((resolve) => {
    emitter.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    emitter.once(good, () => resolve('allowed'));
  });
}

const port = Number(process.argv[2]);
const tcp = await outcome(connect(port, '127.0.0.1'), 'connect');
let udp = 'allowed';
try {
  const socket = createSocket('udp4');
  const sent = outcome(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  udp = await sent;
} catch (error) {
  udp = (error as NodeJS.ErrnoException).code ?? String(error);
}
const bind = await outcome(createServer().listen(0, '127.0.0.1'), 'listening');
process.stdout.write(JSON.stringify({ connect: tcp, udp, bind }), () => process.exit(0));
