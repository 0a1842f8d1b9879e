// A port whose connection queue is full: a connect to it neither succeeds nor fails. A stopped
// process listens with the shortest queue, and connections of ours fill it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

const LISTENER = `
  const server = require('net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write(server.address().port + '\\n');
  });`;
const CONNECTED_WITHIN_MS = 250;
const MOST_FILLERS = 64;

async function connects(port, fillers) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  fillers.push(socket);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CONNECTED_WITHIN_MS, false);
    socket.once('connect', () => { clearTimeout(timer); resolve(true); });
  });
}

/** {port, close}: until close(), connects to 127.0.0.1:port stay unanswered. */
export async function openBlackHole() {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const fillers = [];
  while (await connects(port, fillers)) {
    if (fillers.length > MOST_FILLERS) throw new Error('the connection queue does not fill');
  }
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return { port, close };
}
