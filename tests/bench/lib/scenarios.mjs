// The scenarios: what is loaded, in which order, and what is read from it. Subjects of one scenario take
// turns, round by round, so that a change of the machine's mood meets all of them alike.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { httpLoad, startTime, startUpstream, streamLoad } from './load.mjs';
import { startNginx } from './nginx.mjs';
import { cpuMicros, freePort, makeFolder, memoryKib, pin, removeFolder, voluntarySwitches } from './procs.mjs';
import { agentBody, serverEnv, startReadyServer, startServer } from './server.mjs';
import { difference, median, ratio, rounded, summary } from './stats.mjs';
import { watchWal } from './wal.mjs';

const CHAT_PATH = '/v1/chat/completions';
const QUESTION = 'Where is my order number @SEQ@? It should have come on Monday.';

/** What a client sends straight to the model, with the prompt that the server would assemble. */
function chatBody(stream) {
  return JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [
      { role: 'system', content: agentBody('x').config.instructions },
      { role: 'user', content: QUESTION },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  });
}

function generateTarget(server, { name = 'server', relaxed = false, stream = false } = {}) {
  return {
    name,
    port: server.port,
    pid: server.pid,
    method: 'POST',
    path: '/v1/ai/generate',
    headers: { Authorization: `Bearer ${server.token}`, ...(relaxed && { Prefer: 'durability=relaxed' }) },
    body: JSON.stringify({ agent_id: server.agentId, input_text: QUESTION, ...(stream && { stream: true }) }),
  };
}

function chatTarget(name, port, pid, stream = false) {
  return { name, port, pid, method: 'POST', path: CHAT_PATH, body: chatBody(stream) };
}

/**
 * Starts upstream, nginx and server (each where it exists and is wanted), calls `body` with them and
 * stops them. The server and nginx share one cpu, client and upstream the other.
 */
async function withStage(settings, body, upstreamOptions = { chunks: 16, intervalMs: 0 }) {
  const stage = {};
  try {
    stage.upstream = await startUpstream(settings, { cpu: settings.clientCpu, ...upstreamOptions });
    if (settings.nginx) stage.nginx = await startNginx(stage.upstream.port, { cpu: settings.serverCpu });
    if (settings.binary) {
      stage.server = await startReadyServer(settings, stage.upstream.port, { cpu: settings.serverCpu });
    }
    return await body(stage);
  } finally {
    await stage.server?.stop();
    await stage.nginx?.stop();
    await stage.upstream?.stop();
  }
}

/** Loads the targets in turn, `settings.rounds` times; absent ones (undefined) are left out. */
async function interleave(settings, targets, options) {
  const wanted = targets.filter(Boolean);
  const results = Object.fromEntries(wanted.map((target) => [target.name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    for (const target of wanted) results[target.name].push(await httpLoad(settings, target, options));
  }
  return results;
}

function summaries(results) {
  return Object.fromEntries(Object.entries(results).filter(([, rounds]) => rounds.length > 0)
    .map(([name, rounds]) => [name, summary(rounds)]));
}

/** Every answer must have come from the upstream: one out of a cache would flatter the server. */
async function checkUpstream(stage, run) {
  const before = await stage.upstream.stats();
  const results = await run();
  const after = await stage.upstream.stats();
  const sent = Object.values(results).flat().reduce((sum, round) => sum + round.requests, 0);
  const seen = after.requests - before.requests;
  if (seen < sent) throw new Error(`${sent} answers, but only ${seen} requests reached the upstream`);
  return { results, upstream: { ...after, requests: seen, connections: after.connections - before.connections } };
}

function nginxHealth(stage) {
  return stage.nginx && { name: 'nginx', port: stage.nginx.port, pid: stage.nginx.pid, path: '/health' };
}

async function health(settings) {
  return withStage(settings, async (stage) => {
    const results = await interleave(settings, [
      nginxHealth(stage),
      stage.server && { name: 'server', port: stage.server.port, pid: stage.server.pid, path: '/health' },
    ], { connections: 64 });
    return {
      ...summaries(results),
      cpu_ratio: results.server && results.nginx ? ratio(results.server, results.nginx, 'cpu_us') : null,
    };
  });
}

async function agentGet(settings) {
  return withStage(settings, async (stage) => {
    const { server } = stage;
    const results = await interleave(settings, [
      nginxHealth(stage),
      server && {
        name: 'server',
        port: server.port,
        pid: server.pid,
        path: `/v1/agents/${server.agentId}`,
        headers: { Authorization: `Bearer ${server.token}` },
      },
    ], { connections: 64 });
    return {
      ...summaries(results),
      cpu_ratio: results.server && results.nginx ? ratio(results.server, results.nginx, 'cpu_us') : null,
    };
  });
}

async function generate64(settings) {
  return withStage(settings, async (stage) => {
    const { server, nginx } = stage;
    const { results, upstream } = await checkUpstream(stage, () => interleave(settings, [
      nginx && chatTarget('nginx', nginx.port, nginx.pid),
      server && generateTarget(server),
      server && generateTarget(server, { name: 'relaxed', relaxed: true }),
    ], { connections: 64 }));
    const beside = (name) => (results[name] && results.nginx ? ratio(results[name], results.nginx, 'cpu_us') : null);
    return {
      ...summaries(results),
      cpu_ratio: beside('server'),
      relaxed_cpu_ratio: beside('relaxed'),
      upstream,
    };
  });
}

/** One request at a time, in two layouts: waking a halted virtual cpu costs more than many servers. */
async function generate1(settings) {
  return withStage(settings, async (stage) => {
    const { server, nginx, upstream } = stage;
    const layouts = {};
    for (const [layout, cpu] of [['one_cpu', settings.clientCpu], ['two_cpus', settings.serverCpu]]) {
      for (const one of [server, nginx]) if (one) pin(one.pid, cpu);
      const results = await interleave(settings, [
        chatTarget('direct', upstream.port, upstream.pid),
        nginx && chatTarget('nginx', nginx.port, nginx.pid),
        server && generateTarget(server),
        server && generateTarget(server, { name: 'relaxed', relaxed: true }),
      ], { connections: 1 });
      const added = {};
      for (const name of Object.keys(results)) {
        if (name !== 'direct') added[name] = difference(results[name], results.direct, 'p50_us');
      }
      layouts[layout] = { ...summaries(results), added_p50_us: added };
    }
    return layouts;
  });
}

async function checkpoint(settings) {
  return withStage(settings, async (stage) => {
    const results = { nginx: [], server: [] };
    const wal = [];
    const durationMs = settings.durationMs * 4;
    for (let round = 0; round < Math.min(settings.rounds, 3); round++) {
      if (stage.nginx) {
        results.nginx.push(await httpLoad(settings, chatTarget('nginx', stage.nginx.port, stage.nginx.pid),
          { connections: 64, durationMs: settings.durationMs }));
      }
      if (stage.server) {
        const watch = watchWal(stage.server.folder);
        results.server.push(await httpLoad(settings, generateTarget(stage.server), { connections: 64, durationMs }));
        wal.push(watch.end());
      }
    }
    const spread = (rounds) => rounded(median(rounds.map((round) => round.p99_us / round.p50_us)));
    return {
      ...summaries(results),
      p99_over_p50: spread(results.server),
      nginx_p99_over_p50: spread(results.nginx),
      wal,
    };
  });
}

/** Each round begins with new processes: memory once grown stays, and would hide the next growth. */
async function streams(settings) {
  const shape = { streams: settings.streams, pieces: 64, rampMs: 200 };
  const results = { nginx: [], server: [] };
  for (let round = 0; round < settings.rounds; round++) {
    await withStage(settings, async ({ server, nginx }) => {
      const warm = { connections: 1, durationMs: 50 };
      if (nginx) {
        await httpLoad(settings, { name: 'nginx', port: nginx.port, path: '/health' }, warm);
        results.nginx.push(await streamLoad(settings, chatTarget('nginx', nginx.port, nginx.pid, true), shape));
      }
      if (server) {
        await httpLoad(settings, { name: 'server', port: server.port, path: '/health' }, warm);
        results.server.push(await streamLoad(settings, generateTarget(server, { stream: true }), shape));
      }
    }, { chunks: shape.pieces, intervalMs: 20 });
  }
  const both = results.server.length > 0 && results.nginx.length > 0;
  return {
    ...summaries(results),
    good_of: results.server.map((round) => [round.good, round.streams, round.first_error]),
    cpu_ratio: both ? ratio(results.server, results.nginx, 'cpu_us_per_piece') : null,
    memory_ratio: both ? ratio(results.server, results.nginx, 'kib_per_stream') : null,
  };
}

async function create(settings) {
  if (!settings.binary) return null;
  return withStage({ ...settings, nginx: false }, async ({ server }) => {
    const results = { one: [], many: [] };
    for (let round = 0; round < settings.rounds; round++) {
      for (const [name, connections] of [['one', 1], ['many', 64]]) {
        results[name].push(await httpLoad(settings, {
          name,
          port: server.port,
          pid: server.pid,
          method: 'POST',
          path: '/v1/agents',
          headers: { Authorization: `Bearer ${server.token}` },
          body: JSON.stringify(agentBody(`Agent ${name} ${round} @SEQ@`)),
          expect: 201,
        }, { connections }));
      }
    }
    return { ...summaries(results), rps_ratio: ratio(results.many, results.one, 'rps') };
  });
}

/** With the defaults of a first start: all loops, nothing pinned. */
async function idle(settings) {
  if (!settings.binary) return null;
  const server = await startServer(settings);
  try {
    await sleep(1000);
    const begun = process.hrtime.bigint();
    const cpu = cpuMicros(server.pid);
    const switches = voluntarySwitches(server.pid);
    await sleep(settings.idleMs);
    const tookUs = Number(process.hrtime.bigint() - begun) / 1000;
    return {
      memory_kib: memoryKib(server.pid),
      cpu_percent: rounded(((cpuMicros(server.pid) - cpu) / tookUs) * 100, 4),
      wakeups_per_s: rounded((voluntarySwitches(server.pid) - switches) / (tookUs / 1e6)),
      watched_ms: rounded(tookUs / 1000, 0),
    };
  } finally {
    await server.stop();
  }
}

async function coldStart(settings) {
  if (!settings.binary) return null;
  const starts = [];
  for (let round = 0; round < Math.max(settings.rounds, 3); round++) {
    const folder = makeFolder('cold', settings.dir);
    const port = await freePort();
    starts.push(await startTime(settings, {
      port, path: '/ready', command: [settings.binary, 'serve'], env: serverEnv(port, folder),
    }));
    removeFolder(folder);
  }
  const times = starts.map((one) => one.ready_ms);
  return { ...summary(starts), ready_ms_range: [Math.min(...times), Math.max(...times)] };
}

/** What stands before every handler, taken by itself. */
async function guard(settings) {
  const file = path.join(settings.tools, 'bench-guard');
  if (!settings.binary || !fs.existsSync(file)) return null;
  return JSON.parse(execFileSync('taskset', ['-c', String(settings.serverCpu), file, String(settings.rounds)], { encoding: 'utf8' }));
}

/** The embedded pages are data in named objects; the goal for the size of the program leaves them out. */
const EMBEDDED = /web|asset|swagger|static_file|favicon|\bui_/i;

async function binary(settings) {
  if (!settings.binary) return null;
  const folder = makeFolder('binary');
  const stripped = path.join(folder, 'stripped');
  execFileSync('strip', ['-s', '-o', stripped, settings.binary]);
  const symbols = execFileSync('nm', ['-S', '--size-sort', settings.binary], { encoding: 'utf8', maxBuffer: 64 << 20 })
    .trim().split('\n').map((line) => line.split(/\s+/)).filter((parts) => parts.length === 4)
    .map(([, size, type, name]) => ({ name, type, bytes: parseInt(size, 16) }))
    .filter((one) => /[rRdD]/.test(one.type));
  const embedded = symbols.filter((one) => EMBEDDED.test(one.name)).reduce((sum, one) => sum + one.bytes, 0);
  const bytes = fs.statSync(stripped).size;
  removeFolder(folder);
  return {
    stripped_bytes: bytes,
    embedded_bytes: embedded,
    program_bytes: bytes - embedded,
    largest_objects: symbols.slice(-5).reverse().map((one) => [one.name, one.bytes]),
  };
}

/** In the order of the report. */
export const scenarios = {
  health, guard, agent_get: agentGet, generate64, generate1, checkpoint, streams, create, idle, cold_start: coldStart, binary,
};
