// nginx as the reference: the least that a server in C does for the same request on the same machine.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { childrenOf, freePort, makeFolder, start, stop, removeFolder, waitFor } from './procs.mjs';

export function nginxVersion() {
  const asked = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return asked.error ? null : asked.stderr.trim().replace(/^nginx version: /, '');
}

function config(folder, port, upstreamPort) {
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  // One kept-alive connection serves any number of requests, as the server under test does.
  return `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; default_type application/json; ${scratch}
  upstream model { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /health { return 200 '{"status":"OK"}'; }
    location /v1/ {
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 60s;
    }
  }
}
`;
}

/** Starts nginx with one worker: `return 200` at /health, a proxy to the upstream below /v1/. */
export async function startNginx(upstreamPort, { cpu }) {
  const folder = makeFolder('nginx');
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  const user = process.getuid() === 0 ? 'user root;\n' : '';
  fs.writeFileSync(file, user + config(folder, port, upstreamPort));
  const log = path.join(folder, 'error.log');
  const child = start('nginx', ['-e', log, '-c', file], { cpu, log });
  await waitFor(`http://127.0.0.1:${port}/health`, child);
  return {
    port,
    pid: childrenOf(child.pid)[0],
    stop: async () => {
      await stop(child);
      removeFolder(folder);
    },
  };
}
