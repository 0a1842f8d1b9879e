// Stands between the browser and the server and lets streams through a few bytes at a time, so that
// their frames are cut anywhere: inside a field's name, a character, a number. Everything else passes whole.
import { once } from 'node:events';
import http from 'node:http';

/** Bytes of each piece in turn: every position of a frame is a boundary sooner or later. */
const SIZES = [1, 2, 3, 5, 7, 1, 11];

async function drip(from, to) {
  let turn = 0;
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length;) {
      const end = at + SIZES[turn++ % SIZES.length];
      if (!to.write(chunk.subarray(at, end))) await once(to, 'drain');
      at = end;
      // The next piece leaves in a segment of its own.
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  }
  to.end();
}

/** {origin, close}: the server at `port`, seen through it. */
export async function openDripProxy(port) {
  const proxy = http.createServer((req, res) => {
    const onward = http.request({ host: '127.0.0.1', port, method: req.method, path: req.url, headers: req.headers }, (reply) => {
      res.writeHead(reply.statusCode, reply.rawHeaders);
      if (!/^text\/event-stream/.test(reply.headers['content-type'] ?? '')) reply.pipe(res);
      else drip(reply, res).catch(() => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  proxy.on('connection', (socket) => socket.setNoDelay(true));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const close = () => {
    proxy.closeAllConnections();
    return new Promise((resolve) => { proxy.close(resolve); });
  };
  return { origin: `http://localhost:${proxy.address().port}`, close };
}
