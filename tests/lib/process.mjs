// Child processes of the tests: they never outlive the process that started them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';

const children = new Set();
process.on('exit', () => { for (const child of children) child.kill('SIGKILL'); });
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.on(signal, () => process.exit(code));
}

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/**
 * Starts a process that dies with this one, `user` (uid and gid) being another account to run it as.
 * What it writes is collected in `child.out` and `child.err`; `child.ended` resolves to its end.
 */
export function start(command, args, { env = process.env, cwd, user, input } = {}) {
  const priv = SETPRIV ? ['--pdeathsig', 'KILL'] : [];
  if (user) priv.push(`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups');
  const [file, argv] = priv.length ? [SETPRIV, [...priv, '--', command, ...args]] : [command, args];
  const child = spawn(file, argv, { env, cwd, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  children.add(child);
  child.out = '';
  child.err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { child.out += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { child.err += text; child.emit('log'); });
  if (input !== undefined) child.stdin.end(input);
  child.ended = once(child, 'close').then(([code, signal]) => {
    children.delete(child);
    return { code, signal, out: child.out, err: child.err };
  });
  child.ended.catch(() => children.delete(child));
  return child;
}

/** Runs a command to its end; throws unless it exits with 0. Returns what it printed. */
export async function run(command, args, options = {}) {
  const { code, signal, out, err } = await start(command, args, options).ended;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n${out}${err}`);
  return out;
}

/** The end of a child, or an error when it takes longer than `ms`. */
export async function endWithin(child, ms, what) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} still runs after ${ms} ms\n${child.err.slice(-4000)}`)), ms);
  });
  try {
    return await Promise.race([child.ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
