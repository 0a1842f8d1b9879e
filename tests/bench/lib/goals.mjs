// The goals, each with its figure in the results, and the table for people.
//
// The goals in microseconds were set on a machine where nginx, doing the least for the same request, took
// the `orientation` given below. Kernel work costs another multiple on another machine, so beside the
// value as measured stands the value brought to that scale by nginx's own figure in the same run.
// A durable answer to a lone client waits for one sync of the disk; what the disk takes is a `floor`.

const at = (object, ...keys) => keys.reduce((value, key) => value?.[key], object) ?? null;

/** Bounds are `atMost` or `atLeast`; `value`, `nginx` and `floor` read the results. */
export const goals = [
  { scenario: 'health', work: 'GET /health, CPU beside nginx return 200', unit: '×', atMost: 1.5,
    value: (r) => at(r, 'cpu_ratio'), nginx: (r) => at(r, 'nginx', 'cpu_us') },
  { scenario: 'guard', work: 'guard with a cached principal, limits included, CPU', unit: 'µs', atMost: 3,
    value: (r) => at(r, 'guard_token_us') },
  { scenario: 'guard', work: 'the check of one limit in memory, CPU', unit: 'µs', atMost: 0.5,
    value: (r) => at(r, 'limit_check_us') },
  { scenario: 'agent_get', work: 'GET /v1/agents/{id} with JWT, CPU', unit: 'µs', atMost: 15,
    value: (r) => at(r, 'server', 'cpu_us'), orientation: 4.7, nginx: (r) => at(r, 'nginx', 'cpu_us') },
  { scenario: 'generate64', work: 'generate, durable, 64 connections, CPU', unit: 'µs', atMost: 40,
    value: (r) => at(r, 'server', 'cpu_us'), orientation: 13, nginx: (r) => at(r, 'nginx', 'cpu_us') },
  { scenario: 'generate64', work: 'the same beside nginx as proxy', unit: '×', atMost: 4,
    value: (r) => at(r, 'cpu_ratio') },
  { scenario: 'generate64', work: 'the same, a second on one core', unit: '/s', atLeast: 20000,
    value: (r) => at(r, 'server', 'rps'), nginx: (r) => at(r, 'nginx', 'rps') },
  { scenario: 'generate1', work: 'generate, durable, 1 connection, added p50', unit: 'µs', atMost: 40,
    value: (r) => at(r, 'one_cpu', 'added_p50_us', 'server'),
    floor: (machine) => machine.fdatasync_p50_us,
    orientation: 11, nginx: (r) => at(r, 'one_cpu', 'added_p50_us', 'nginx') },
  { scenario: 'generate1', work: 'the same with durability=relaxed', unit: 'µs', atMost: 40,
    value: (r) => at(r, 'one_cpu', 'added_p50_us', 'relaxed'),
    orientation: 11, nginx: (r) => at(r, 'one_cpu', 'added_p50_us', 'nginx') },
  { scenario: 'checkpoint', work: 'p99 over p50 at 64 while the WAL checkpoints', unit: '×', atMost: 3,
    value: (r) => at(r, 'p99_over_p50'), nginx: (r) => at(r, 'nginx_p99_over_p50'),
    proof: (r) => r.wal.length > 0 && r.wal.every((one) => one.checkpoints > 0) },
  { scenario: 'streams', work: '1,000 SSE streams: streams with every frame', unit: '%', atLeast: 100,
    value: (r) => (r.good_of.length ? Math.min(...r.good_of.map(([good, of]) => (100 * good) / of)) : null) },
  { scenario: 'streams', work: 'the same, CPU a frame', unit: 'µs', atMost: 12,
    value: (r) => at(r, 'server', 'cpu_us_per_piece'),
    orientation: 9.6, nginx: (r) => at(r, 'nginx', 'cpu_us_per_piece') },
  { scenario: 'streams', work: 'the same, memory a stream', unit: 'KiB', atMost: 24,
    value: (r) => at(r, 'server', 'kib_per_stream'), nginx: (r) => at(r, 'nginx', 'kib_per_stream') },
  { scenario: 'create', work: 'agent creation, durable, 64 at once beside 1', unit: '×', atLeast: 5,
    value: (r) => at(r, 'rps_ratio') },
  { scenario: 'idle', work: 'idle memory, resident', unit: 'MiB', atMost: 16,
    value: (r) => at(r, 'memory_kib', 'rss') && r.memory_kib.rss / 1024 },
  { scenario: 'idle', work: 'idle CPU', unit: '%', atMost: 0.1, value: (r) => at(r, 'cpu_percent') },
  { scenario: 'cold_start', work: 'cold start on an empty folder', unit: 'ms', atMost: 100,
    value: (r) => at(r, 'ready_ms') },
  { scenario: 'binary', work: 'binary, stripped, UI aside', unit: 'MB', atMost: 3,
    value: (r) => at(r, 'program_bytes') && r.program_bytes / 1e6 },
];

function meets(goal, value) {
  return goal.atLeast === undefined ? value <= goal.atMost : value >= goal.atLeast;
}

function verdict(goal, row, result, machine) {
  if (row.value === null) return 'not measured';
  if (meets(goal, row.value)) return goal.proof && !goal.proof(result) ? 'no checkpoint seen' : 'met';
  if (row.scaled !== null && meets(goal, row.scaled)) return 'met at scale';
  const floor = goal.floor?.(machine) ?? null;
  if (floor !== null && meets(goal, row.value - floor)) return `met above the disk's ${floor} ${goal.unit}`;
  return 'missed';
}

function figure(value, digits) {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

/** One row per goal whose scenario ran. */
export function judge(results, machine) {
  return goals.filter((goal) => goal.scenario in results).map((goal) => {
    const result = results[goal.scenario];
    const usable = result !== null && !result.error;
    const row = {
      scenario: goal.scenario,
      work: goal.work,
      goal: goal.atLeast === undefined ? `≤ ${goal.atMost} ${goal.unit}` : `≥ ${goal.atLeast} ${goal.unit}`,
      value: figure(usable ? goal.value(result) : null, 3),
      unit: goal.unit,
      nginx: figure(usable ? goal.nginx?.(result) : null, 3),
      scaled: null,
    };
    if (row.value !== null && row.nginx > 0 && goal.orientation) {
      row.scaled = figure((row.value * goal.orientation) / row.nginx, 2);
    }
    return { ...row, verdict: usable ? verdict(goal, row, result, machine) : 'not measured' };
  });
}

const BUSY_SHARE = 0.1;

/**
 * How much longer nginx waited for its cpu than allowed, as a share of its CPU time: it has one thread and
 * a cpu of its own, so whoever made it wait is no part of the measurement. Null when the machine was quiet.
 */
export function busy(results) {
  const shares = Object.entries(results)
    .map(([name, result]) => (name === 'generate1' ? result?.two_cpus?.nginx : result?.nginx))
    .filter((nginx) => nginx?.cpu_us > 0)
    .map((nginx) => nginx.run_delay_us / nginx.cpu_us);
  const worst = Math.max(0, ...shares);
  return worst > BUSY_SHARE ? figure(worst, 2) : null;
}

function show(value) {
  if (value === null || value === undefined) return '-';
  return String(Number(value.toPrecision(value >= 1000 ? 6 : 4)));
}

export function table(rows) {
  const head = ['work', 'goal', 'value', 'nginx here', 'at scale', 'verdict'];
  const lines = rows.map((row) => [row.work, row.goal, row.value === null ? '-' : `${show(row.value)} ${row.unit}`,
    show(row.nginx), show(row.scaled), row.verdict]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => [...line[i]].length)));
  const format = (cells) => cells.map((cell, i) => cell + ' '.repeat(widths[i] - [...cell].length)).join('  ').trimEnd();
  return [format(head), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(format)].join('\n');
}
