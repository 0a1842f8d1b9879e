#!/usr/bin/env node
// Measures agentgen beside nginx on this machine and prints one JSON document, or a table.
//
//   node tests/bench/run.mjs                     every scenario, about five minutes, JSON
//   node tests/bench/run.mjs --table             the goals with value and verdict instead
//   node tests/bench/run.mjs --quick --table     shorter and fewer rounds: a first look
//   node tests/bench/run.mjs --scenario health,streams
//   node tests/bench/run.mjs --reference         nginx and the upstream only, without agentgen
//
// Needs the release binary and the tools: `meson setup build --buildtype=release`, then
// `ninja -C build agentgen bench-tools`. Server and nginx run on one cpu, client and upstream on another.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { busy, judge, table } from './lib/goals.mjs';
import { nginxVersion } from './lib/nginx.mjs';
import { cleanUp, makeFolder, pin, removeFolder } from './lib/procs.mjs';
import { scenarios } from './lib/scenarios.mjs';
import { median, rounded } from './lib/stats.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const options = {
  binary: { type: 'string', default: path.join(root, 'build/agentgen') },
  tools: { type: 'string' },
  dir: { type: 'string', default: os.tmpdir() },
  scenario: { type: 'string' },
  rounds: { type: 'string' },
  'duration-ms': { type: 'string' },
  streams: { type: 'string', default: '1000' },
  out: { type: 'string' },
  quick: { type: 'boolean', default: false },
  table: { type: 'boolean', default: false },
  reference: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const help = `usage: node tests/bench/run.mjs [options]
  --binary PATH      the server (build/agentgen)
  --tools DIR        where bench-upstream and bench-load are (tests/bench beside the binary)
  --dir DIR          where data folders are made; commits wait for its disk (${os.tmpdir()})
  --scenario A,B     only these: ${Object.keys(scenarios).join(', ')}
  --rounds N         interleaved rounds of each (5; 2 with --quick)
  --duration-ms N    length of one window (2000; 700 with --quick)
  --streams N        concurrent streams (1000)
  --quick            shorter windows, fewer rounds
  --reference        leave agentgen out: nginx and the upstream only
  --table            print the goals as a table instead of JSON
  --out FILE         also write the JSON document here`;

function number(name, text, min, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`--${name} wants a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function readSettings(values) {
  const cpus = os.cpus().length;
  const settings = {
    binary: values.reference ? null : path.resolve(values.binary),
    tools: path.resolve(values.tools ?? path.join(path.dirname(values.binary), 'tests/bench')),
    dir: path.resolve(values.dir),
    nginx: nginxVersion() !== null,
    rounds: number('rounds', values.rounds ?? (values.quick ? '2' : '5'), 1, 50),
    durationMs: number('duration-ms', values['duration-ms'] ?? (values.quick ? '700' : '2000'), 50, 60000),
    streams: number('streams', values.streams, 1, 5000),
    warmupMs: values.quick ? 200 : 400,
    idleMs: values.quick ? 3000 : 10000,
    serverCpu: 0,
    clientCpu: cpus > 1 ? 1 : 0,
  };
  for (const file of [settings.binary, path.join(settings.tools, 'bench-upstream'), path.join(settings.tools, 'bench-load')]) {
    if (file !== null && !fs.existsSync(file)) {
      throw new Error(`${file} is not built: ninja -C build agentgen bench-tools`);
    }
  }
  return settings;
}

function wanted(text) {
  const names = text ? text.split(',') : Object.keys(scenarios);
  for (const name of names) {
    if (!(name in scenarios)) throw new Error(`no scenario "${name}": ${Object.keys(scenarios).join(', ')}`);
  }
  return names;
}

/** Time of one 4 KiB append made durable: no single durable write can be faster than this. */
function diskSync(dir) {
  const folder = makeFolder('disk', dir);
  const fd = fs.openSync(path.join(folder, 'probe'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times = [];
  for (let i = 0; i < 200; i++) {
    const begun = process.hrtime.bigint();
    fs.writeSync(fd, block);
    fs.fdatasyncSync(fd);
    times.push(Number(process.hrtime.bigint() - begun) / 1000);
  }
  fs.closeSync(fd);
  removeFolder(folder);
  return rounded(median(times), 1);
}

/** Ticks the hypervisor took away, and the load: what tells a quiet machine from a busy one. */
function mood() {
  const cpu = fs.readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
  return { load1: os.loadavg()[0], steal_ticks: cpu[8] };
}

function version(binary) {
  if (binary === null) return null;
  return execFileSync(binary, ['version'], { encoding: 'utf8' }).trim();
}

async function main() {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const settings = readSettings(values);
  const names = wanted(values.scenario);
  // This program only waits; it must not wait on the cpu that is measured.
  pin(process.pid, settings.clientCpu);
  const document = {
    machine: {
      cpus: os.cpus().length,
      model: os.cpus()[0]?.model ?? null,
      kernel: os.release(),
      nginx: nginxVersion(),
      node: process.version,
      fdatasync_p50_us: diskSync(settings.dir),
      before: mood(),
    },
    binary: version(settings.binary),
    settings: { rounds: settings.rounds, duration_ms: settings.durationMs, quick: values.quick },
    results: {},
  };
  for (const name of names) {
    process.stderr.write(`${name} ... `);
    const begun = Date.now();
    try {
      document.results[name] = await scenarios[name](settings);
      process.stderr.write(`${((Date.now() - begun) / 1000).toFixed(1)} s\n`);
    } catch (error) {
      document.results[name] = { error: error.message };
      process.stderr.write(`failed: ${error.message}\n`);
    }
  }
  document.machine.after = mood();
  document.goals = judge(document.results, document.machine);
  document.machine.busy_share = busy(document.results);
  if (document.machine.busy_share !== null) {
    process.stderr.write(`other programs took the cpu for up to ${document.machine.busy_share} of the measured time: measure again\n`);
  }
  const text = JSON.stringify(document, null, 2);
  if (values.out) fs.writeFileSync(values.out, `${text}\n`);
  console.log(values.table ? table(document.goals) : text);
  return Object.values(document.results).some((result) => result?.error) ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => cleanUp().finally(() => process.exit(130)));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
} finally {
  await cleanUp();
}
