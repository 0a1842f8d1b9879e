// The commands that the README prints do what it says, as printed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

import { ROOT } from '../lib/server.mjs';
import { world } from '../lib/world.mjs';

const w = world({ accounts: false, env: { AGENTGEN_DEFAULT_MODEL: 'sandbox/sandbox' } });

/** The shell blocks of the README, in order. */
function blocks() {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((m) => m[1]);
}

async function shell(script) {
  const child = spawn('sh', ['-eu'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (piece) => (out += piece));
  child.stdin.end(script);
  const [status] = await once(child, 'exit');
  assert.equal(status, 0, out);
  return out;
}

it('the walk-through registers, creates an agent, asks it, streams and lists the runs', async () => {
  const printed = blocks().find((block) => block.includes('BASE='));
  assert.ok(printed, 'the README has a walk-through');
  assert.match(printed, /BASE=http:\/\/localhost:5000\/v1/);
  const script = printed.replace('http://localhost:5000', w.server.url);
  const out = await shell(script);

  const answer = JSON.parse(out.slice(0, out.indexOf('}id: ') + 1));
  assert.equal(Object.keys(answer)[0], 'response');
  assert.match(answer.response, /How can I reset my password\?/);
  assert.match(answer.response, /web shop/);
  assert.equal(out.match(/^event: run\.completed$/gm).length, 1, out);
  const runs = JSON.parse(out.slice(out.lastIndexOf('{"data":')));
  assert.equal(runs.data.length, 2);
  assert.ok(runs.data.every((run) => run.status === 'completed'));
});

it('the two commands are targets of the Makefile', () => {
  const makefile = readFileSync(path.join(ROOT, 'Makefile'), 'utf8');
  for (const [, target] of blocks().join('\n').matchAll(/^make (\w+)/gm))
    assert.match(makefile, new RegExp(`^${target}:`, 'm'), `make ${target}`);
});
