// The server under test, with an account, a token and an agent that talks to the scripted upstream.
import crypto from 'node:crypto';
import path from 'node:path';
import { freePort, makeFolder, removeFolder, start, stop, waitFor } from './procs.mjs';

/** Only what the server needs: settings of the caller's shell must not change what is measured. */
export function serverEnv(port, folder, extra = {}) {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME ?? '/',
    PORT: String(port),
    AGENTGEN_HOST: '127.0.0.1',
    AGENTGEN_DATA_DIR: folder,
    ...extra,
  };
}

/** One JSON request; throws with the body when the status is not the expected one. */
async function ask(base, method, route, body, headers, expect) {
  const reply = await fetch(base + route, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === null ? undefined : JSON.stringify(body),
  });
  const text = await reply.text();
  if (reply.status !== expect) throw new Error(`${method} ${route}: ${reply.status}, not ${expect}: ${text}`);
  return JSON.parse(text);
}

export function agentBody(name) {
  return {
    name,
    description: 'Answers questions about orders',
    config: {
      provider: 'openai',
      model: 'gpt-4o-mini',
      temperature: 0.7,
      max_tokens: 256,
      response_style: 'friendly',
      instructions: 'You help the customers of a shop with questions about their orders. Be brief and exact.',
    },
  };
}

/** Starts `agentgen serve` on an empty folder and waits until it is ready. */
export async function startServer(settings, { cpu = null, env = {} } = {}) {
  const folder = makeFolder('data', settings.dir);
  const port = await freePort();
  const log = path.join(folder, 'bench-server.log');
  const child = start(settings.binary, ['serve'], { cpu, env: serverEnv(port, folder, env), log });
  const base = `http://127.0.0.1:${port}`;
  await waitFor(`${base}/ready`, child);
  return {
    port,
    base,
    folder,
    pid: child.pid,
    stop: async () => {
      const how = await stop(child);
      removeFolder(folder);
      if (how !== 0) throw new Error(`the server ended with ${how} instead of 0`);
    },
  };
}

/** A server on one loop with an upstream, a registered user and an agent that has answered once. */
export async function startReadyServer(settings, upstreamPort, { cpu }) {
  const server = await startServer(settings, {
    cpu,
    env: {
      AGENTGEN_LOOPS: '1',
      OPENAI_API_KEY: 'sk-bench',
      OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
    },
  });
  const account = await ask(server.base, 'POST', '/v1/auth/register', {
    name: 'Bench', email: 'bench@example.com', password: crypto.randomBytes(18).toString('base64url'),
  }, {}, 201);
  const auth = { authorization: `Bearer ${account.token}` };
  // Limits are counted in what is measured, and never reached.
  await ask(server.base, 'PATCH', '/v1/admin/settings', { free_per_minute: 100_000_000 }, auth, 200);
  const agent = await ask(server.base, 'POST', '/v1/agents', agentBody('Bench agent'), auth, 201);
  const answer = await ask(server.base, 'POST', '/v1/ai/generate',
    { agent_id: agent.id, input_text: 'Where is my order?' }, auth, 200);
  const row = await ask(server.base, 'GET', `/v1/runs/${answer.run_id}`, null, auth, 200);
  if (row.status !== 'completed' || answer.cached) {
    throw new Error(`the first run is ${row.status}, cached ${answer.cached}`);
  }
  return Object.assign(server, { token: account.token, agentId: agent.id });
}
