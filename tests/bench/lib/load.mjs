// The two C programs: the scripted upstream and the load client.
import path from 'node:path';
import { start, stop, run } from './procs.mjs';

/** Starts the upstream; the port is what it prints. */
export async function startUpstream(settings, { cpu, chunks = 64, intervalMs = 20, delayUs = 0 }) {
  const args = ['--chunks', chunks, '--interval-ms', intervalMs, '--delay-us', delayUs].map(String);
  const child = start(path.join(settings.tools, 'bench-upstream'), args, { cpu });
  child.stdout.setEncoding('utf8');
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(Number(/port=(\d+)/.exec(line)[1])));
    child.ended.then((how) => reject(new Error(`the upstream ended with ${how}`)));
  });
  return {
    port,
    pid: child.pid,
    stats: async () => (await fetch(`http://127.0.0.1:${port}/stats`)).json(),
    stop: () => stop(child),
  };
}

function requestArgs({ port, method = 'GET', path: route, headers = {}, body = null, expect = 200 }) {
  const args = ['--port', port, '--method', method, '--path', route, '--expect', expect];
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  if (body !== null) args.push('--header', 'Content-Type: application/json', '--body', body);
  return args;
}

async function loadClient(settings, args) {
  const text = await run(path.join(settings.tools, 'bench-load'), args.map(String));
  return JSON.parse(text);
}

/**
 * Closed-loop load on one target. `target` holds port, method, path, headers, body, expect and the pid
 * whose CPU time counts. Fails on any error: a wrong answer is cheap, and a mean over it worthless.
 */
export async function httpLoad(settings, target, { connections, durationMs = settings.durationMs }) {
  const args = [...requestArgs(target), '--connections', connections, '--duration-ms', durationMs,
    '--warmup-ms', settings.warmupMs, '--cpu', settings.clientCpu];
  if (target.pid) args.push('--watch', target.pid);
  const result = await loadClient(settings, args);
  if (result.errors > 0) {
    throw new Error(`${target.name}: ${result.errors} errors, ${JSON.stringify(result.status)} ${result.first_error}`);
  }
  const watch = result.watch[0];
  return {
    requests: result.requests,
    rps: result.rps,
    p50_us: result.p50_us,
    p90_us: result.p90_us,
    p99_us: result.p99_us,
    max_us: result.max_us,
    stuck_us: result.oldest_pending_us,
    client_cpu_us: result.client_cpu_us / result.requests,
    ...(watch && { cpu_us: watch.cpu_us / result.requests, run_delay_us: watch.delay_us / result.requests }),
  };
}

/** Concurrent streams on one target; what arrived is in the result, judged by the caller. */
export async function streamLoad(settings, target, { streams, pieces, rampMs }) {
  const args = ['--mode', 'stream', ...requestArgs(target), '--connections', streams, '--pieces', pieces,
    '--ramp-ms', rampMs, '--limit-ms', 60000, '--cpu', settings.clientCpu, '--watch', target.pid];
  const result = await loadClient(settings, args);
  const watch = result.watch[0];
  return {
    ...result,
    cpu_us_per_piece: watch.cpu_us / result.pieces,
    run_delay_us_per_piece: watch.delay_us / result.pieces,
    client_cpu_us_per_piece: result.client_cpu_us / result.pieces,
    kib_per_stream: (watch.rss_peak_kib - watch.rss_before_kib) / streams,
    client_cpu_us: undefined,
    watch: undefined,
  };
}

/** Time from exec to the first good answer of `route`, the process ended afterwards. */
export async function startTime(settings, { port, path: route, command, env }) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const args = ['--mode', 'start', '--port', port, '--path', route, '--limit-ms', 10000, '--',
    'env', '-i', ...variables, ...command];
  return loadClient(settings, args);
}
