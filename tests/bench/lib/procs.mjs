// Processes, folders and figures of /proc for the measurements. Every process started here is known by
// its pid and ended by it; every folder made here is removed at the end.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set();
const folders = new Set();

/** Makes an empty folder that cleanUp() removes. On the disk of the data, since commits wait for it. */
export function makeFolder(name, under = os.tmpdir()) {
  const folder = fs.mkdtempSync(path.join(under, `agentgen-bench-${name}-`));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** A port nobody listens on at this moment. */
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a command, on one cpu when given. Its output goes to a file, or to `pipe` when asked. */
export function start(command, args, { cpu = null, env = process.env, log = null } = {}) {
  const argv = cpu === null ? [command, ...args] : ['taskset', '-c', String(cpu), command, ...args];
  const out = log === null ? 'pipe' : fs.openSync(log, 'a');
  const child = spawn(argv[0], argv.slice(1), { env, stdio: ['ignore', out, log === null ? 'inherit' : out] });
  if (log !== null) fs.closeSync(out);
  child.ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code));
    child.on('error', (error) => resolve(error.message));
  });
  child.ended.then(() => running.delete(child));
  child.log = log;
  running.add(child);
  return child;
}

/** Asks a process to end, and ends it after `limitMs`; resolves to its exit code or signal. */
export async function stop(child, limitMs = 10000) {
  if (child.exitCode !== null || child.signalCode !== null) return child.ended;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const how = await child.ended;
  clearTimeout(timer);
  return how;
}

/** Ends what still runs and removes what was made; safe to call twice. */
export async function cleanUp() {
  await Promise.all([...running].map((child) => stop(child, 3000)));
  for (const folder of [...folders]) removeFolder(folder);
}

/** Runs a command to its end and returns what it printed; throws on failure or after `limitMs`. */
export async function run(command, args, { cpu = null, limitMs = 180000 } = {}) {
  const child = start(command, args, { cpu });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (part) => { text += part; });
  const drained = new Promise((resolve) => child.stdout.on('close', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const how = await child.ended;
  clearTimeout(timer);
  if (how !== 0) throw new Error(`${path.basename(command)} ended with ${how}: ${text.slice(-400)}`);
  await drained;
  return text;
}

/** Waits until the URL answers 200; throws with the end of the log when it does not. */
export async function waitFor(url, child, limitMs = 15000) {
  const end = Date.now() + limitMs;
  while (Date.now() < end && running.has(child)) {
    try {
      const reply = await fetch(url);
      await reply.arrayBuffer();
      if (reply.status === 200) return;
    } catch {
      // Nobody listens yet.
    }
    await sleep(20);
  }
  const tail = child.log ? fs.readFileSync(child.log, 'utf8').slice(-1500) : '';
  throw new Error(`${url} is not ready\n${tail}`);
}

/** Moves all threads of a process to one cpu. */
export function pin(pid, cpu) {
  execFileSync('taskset', ['-a', '-c', '-p', String(cpu), String(pid)], { stdio: 'ignore' });
}

/** The processes a process started. */
export function childrenOf(pid) {
  return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

/** CPU time of all living threads of a process in microseconds, to the nanosecond of schedstat. */
export function cpuMicros(pid) {
  let ns = 0;
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    ns += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1000;
}

/** How often the threads of a process went to sleep so far: idle wake-ups show here first. */
export function voluntarySwitches(pid) {
  let count = 0;
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    const status = fs.readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    count += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
  }
  return count;
}

/** Memory of a process in KiB, exact (the kernel walks the page tables). */
export function memoryKib(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return {
    rss: field('Rss'),
    pss: field('Pss'),
    private: field('Private_Clean') + field('Private_Dirty'),
    anonymous: field('Anonymous'),
    threads: fs.readdirSync(`/proc/${pid}/task`).length,
  };
}
