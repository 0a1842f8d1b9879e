#!/usr/bin/env node
// The UI with hot reload in front of a running agentgen: one origin for both, as in production.
//
//   node dev.mjs [--port 3000] [--api http://localhost:5000]
//
// Pages come from `next dev`, everything that the C server answers comes from there. The Host header
// stays what the browser sent, because the server compares it with Origin.
import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { port: { type: "string", default: "3000" }, api: { type: "string", default: "http://localhost:5000" } },
});
const port = Number(values.port);
const api = new URL(values.api);
const pages = new URL(`http://127.0.0.1:${port + 1}`);
const ofApi = /^\/(v1\/|openapi\.json|health$|ready$|metrics$|swagger\/)/;

const next = spawn(process.execPath, ["node_modules/next/dist/bin/next", "dev", "--hostname", "127.0.0.1", "--port", pages.port], {
  stdio: "inherit",
  env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
});

const server = http.createServer((req, res) => {
  const target = ofApi.test(req.url) ? api : pages;
  const upstream = http.request(
    { host: target.hostname, port: target.port, method: req.method, path: req.url, headers: req.headers },
    (reply) => {
      res.writeHead(reply.statusCode, reply.headers);
      reply.pipe(res);
    },
  );
  upstream.on("error", (error) => {
    if (!res.headersSent) res.writeHead(502, { "Content-Type": "text/plain" });
    res.end(`${target.origin}: ${error.message}\n`);
  });
  res.on("close", () => upstream.destroy());
  req.pipe(upstream);
});

server.on("upgrade", (req, socket, head) => {
  const upstream = net.connect(Number(pages.port), pages.hostname, () => {
    const headers = Object.entries(req.headers).map(([name, value]) => `${name}: ${value}`);
    upstream.write(`${req.method} ${req.url} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on("error", () => socket.destroy());
  socket.on("error", () => upstream.destroy());
});

server.listen(port, "127.0.0.1", () => console.log(`agentgen UI at http://localhost:${port}, API at ${api.origin}`));
next.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => next.kill(signal));
