// What stands in the app when its screens are looked at: agents, prompts, runs of every ending, errors,
// keys. All of it goes through the API, as people would have made it.
import { Browser } from '../../lib/browser.mjs';
import { expect } from '../../lib/expect.mjs';
import { loggedToken } from '../../lib/mail.mjs';
import { browserOf, PASSWORD, register } from '../../lib/world.mjs';

export const ANSWER = `You can return shoes within **30 days**, worn or not, as long as the sole shows no wear.

1. Open *Orders* and choose the pair.
2. Print the label, or show the code at the counter.
3. Hand the parcel in. The money is back after 3–5 working days.

| Way | Costs | Takes |
|---|---:|---|
| Parcel shop | free | 3–5 days |
| In the store | free | at once |

> Outlet goods can be exchanged, not refunded.

\`\`\`json
{ "order": "A-20391", "reason": "size", "refund": true }
\`\`\`

More in [the policy](https://shop.example/returns).`;

const SUPPORT = {
  name: 'Returns desk',
  description: 'Answers questions about returns and refunds, asks for the order number, and hands over to a person when money is disputed.',
  config: {
    provider: 'openai', model: 'gpt-4o-mini', fallback_models: ['anthropic/claude-3-5-haiku', 'sandbox/sandbox'],
    persona: 'You are a patient, experienced support agent of an outdoor shop. The customer is called {{customer}}.',
    instructions: 'You answer questions about returns, exchanges and refunds.\n\n- Ask for the order number when it is '
      + 'missing.\n- Quote the policy, never guess.\n- Hand over to a person when somebody disputes a refund.',
    greeting: 'Hello, this is the **returns desk**. What would you like to send back?',
    suggested_questions: ['How long may I return shoes?', 'Where is my refund?', 'Can I exchange a present without the receipt?'],
    variables: [
      { name: 'customer', type: 'string', description: 'The customer’s first name', default: 'Grace' },
      { name: 'loyal', type: 'boolean', description: 'Whether they have bought before' },
    ],
    response_style: 'friendly', response_format: 'markdown', temperature: 0.4, max_tokens: 800, language: 'English',
    memory: { history_turns: 8 }, limits: { timeout_s: 600 },
  },
};

const AGENTS = [
  {
    name: 'Release notes',
    description: 'Turns a list of commits into notes that customers understand.',
    config: { provider: 'anthropic', model: 'claude-3-5-haiku', instructions: 'Group by new, improved and fixed.', temperature: 0.2 },
  },
  {
    name: 'Contract check: deadlines, notice periods and unusual clauses',
    description: 'Lists what is out of the ordinary, each with the quoted sentence, so that a lawyer finds it at once and '
      + 'nobody signs what they have not read.',
    config: {
      provider: 'openai', model: 'gpt-4o-2024-11-20-with-a-very-long-deployment-name', instructions: 'Quote every clause.',
      response_format: 'json_schema',
      json_schema: { type: 'object', properties: { clauses: { type: 'array', items: { type: 'string' } } } },
    },
  },
  {
    name: 'Deutschstunde',
    description: 'Übt Alltagsdeutsch mit Anfängerinnen und Anfängern.',
    config: { provider: 'sandbox', model: 'sandbox', instructions: 'Verbessere einen Fehler auf einmal.', response_style: 'playful' },
  },
  {
    name: 'مساعد المبيعات',
    description: 'يجيب عن أسئلة العملاء حول المنتجات والأسعار.',
    config: { provider: 'openai', model: 'gpt-4o-mini', instructions: 'أجب بإيجاز.' },
  },
];

const DRAFT = {
  name: 'Interview helper',
  description: 'Prepares questions for a conversation.',
  step: 'instructions',
  sentence: 'Prepares interview questions from a job advert.',
  config: { provider: 'openai', model: 'gpt-4o-mini', instructions: 'Ask one question at a time.', greeting: 'Which position is it about?' },
};

const PROMPTS = [
  {
    name: 'Support tone',
    prompt_text: 'You are the voice of {{company}}.\n\nAnswer in at most {{sentences}} sentences. Be kind, be exact, and '
      + 'end with what happens next.\nNever promise a refund.',
    metadata: { category: 'support', tags: ['tone', 'customers'] },
  },
  {
    name: 'SQL helper',
    prompt_text: 'Write one PostgreSQL statement that answers: {{question}}\nUse only these tables:\n{{tables}}',
    metadata: { category: 'data', tags: ['sql', 'engineering'] },
  },
  {
    name: null,
    prompt_text: 'Summarise the following meeting in five bullet points, decisions first, then who does what until '
      + 'when:\n\n{{transcript}}',
    metadata: { category: 'work', tags: ['meetings'] },
  },
];

const BROKEN_MAP = 'TypeError: Cannot read properties of undefined (reading "map")';
const ERRORS = [
  { kind: 'error', message: BROKEN_MAP, stack: `${BROKEN_MAP}\n    at AgentTable (agent-table.tsx:41:20)\n    at render (chunk.js:1:40213)`, path: '/agents' },
  { kind: 'csp', message: 'img-src refused https://tracker.example/pixel.gif', path: '/runs' },
];

/** One answered question; `script` is what the provider does with it. */
async function ask({ fake, client, agent, model, text, script, conversation, more = {} }) {
  fake.script(model, script);
  const reply = await client.post('/v1/ai/generate', {
    agent_id: agent.id, input_text: text, ...(conversation ? { conversation_id: conversation } : {}), ...more,
  });
  return reply.json;
}

const newest = async (client, query) => expect(await client.get(`/v1/runs?limit=1&${query}`), 200).data[0];

/** Runs of every ending; returns one of each. */
async function seedRuns({ world: { fake, server }, account, agent, others }) {
  const { client } = account;
  const about = { fake, client, agent, model: 'gpt-4o-mini' };
  const first = await ask({
    ...about, text: 'How long may I return shoes?', script: { text: ANSWER, chunks: 12, delay: 4 }, more: { metadata: { channel: 'web', ticket: 4711 } },
  });
  await ask({ ...about, text: 'And without the box?', conversation: first.conversation_id, script: { text: 'Yes. The box is welcome, and not needed.', chunks: 3 } });
  await ask({ ...about, text: 'Where is my refund for order A-20391?', script: { text: 'It left us yesterday and is with your bank.', finish: 'length' } });
  await ask({
    ...about, agent: others[0], model: 'claude-3-5-haiku', text: 'feat: faster search; fix: the menu closes', script: { text: '## New\n\nSearch answers faster.' },
  });
  // It has no fallback, so the refusal of its model is the end.
  await ask({ ...about, agent: others[1], model: others[1].config.model, text: 'Which clauses are unusual?', script: { status: 401 } });
  const failed = await newest(client, 'status=failed');
  fake.script('gpt-4o-mini', { fault: 'reset_midstream', after: 4, chunks: 12, text: ANSWER });
  const cut = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: 'Tell me everything about returns.', stream: true });
  await cut.all();
  const broken = await newest(client, 'status=failed');
  const browser = browserOf(account, server);
  const begin = async (text) => {
    fake.script('gpt-4o-mini', { fault: 'slow_drip', after: 3, chunks: 6, drip: 1000, text: ANSWER });
    const stream = await browser.stream('/v1/ai/generate', { agent_id: agent.id, input_text: text, stream: true });
    const { data } = await stream.until('run.started');
    await stream.until('delta');
    stream.close();
    return data.run_id;
  };
  const cancelled = await begin('Write me a poem about every product.');
  expect(await browser.post(`/v1/runs/${cancelled}/cancel`), 200);
  const running = await begin('Explain the whole policy, please.');
  return { completed: first.run_id, conversation: first.conversation_id, failed: failed.id, broken: broken.id, cancelled, running };
}

/** Opens an agent to everybody; what its link names. */
export async function openUp(client, agent) {
  return expect(await client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200).public_id;
}

async function seedAgents(client) {
  const create = async (body) => expect(await client.post('/v1/agents', body), 201);
  const support = await create(SUPPORT);
  const others = [];
  for (const agent of AGENTS) others.push(await create(agent));
  expect(await client.put(`/v1/agents/${others[0].id}/draft`, { name: 'Release notes', config: { ...AGENTS[0].config, temperature: 0.6 }, step: 'model' }), 200);
  const draft = await create({ draft: DRAFT });
  const blank = await create({ draft: { name: '', step: 'identity', config: {} } });
  const open = await create({ ...SUPPORT, name: 'Shop assistant', config: { ...SUPPORT.config, variables: [] } });
  const slug = await openUp(client, open);
  const slugWithBlanks = await openUp(client, await create({ ...SUPPORT, name: 'Order desk' }));
  return { support, others, draft, blank, open, slug, slugWithBlanks };
}

async function seedPrompts(client) {
  const prompts = [];
  for (const prompt of PROMPTS) prompts.push(expect(await client.post('/v1/prompts', prompt), 201));
  return prompts;
}

/** Where ada is signed in besides; the browser of the pictures says for itself what it is. */
const DEVICES = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'python-requests/2.32.3',
];

/** Ada has proved her address, signs in with GitHub too, and is signed in on other devices. */
async function seedSignIns({ server, anonymous, identity: { github } }, { email }) {
  expect(await anonymous.post('/v1/auth/verify-email', { token: await loggedToken(server, 'verify', email) }), 204);
  for (const device of DEVICES) expect(await anonymous.request('POST', '/v1/auth/login', { json: { email, password: PASSWORD }, headers: { 'user-agent': device } }), 200);
  const browser = new Browser(server);
  expect(await browser.logIn(email, PASSWORD), 200);
  const { url } = await browser.link('github');
  expect(await browser.get(await browser.approve(url)), 302);
  expect(await browser.post('/v1/auth/logout'), 204);
  browser.close();
}

/** Asks somebody into the organisation that the owner acts in, and has them come. */
export async function join(owner, guest, role) {
  const { accept_url: url } = expect(await owner.client.post('/v1/invitations', { email: guest.email, ...role }), 201);
  expect(await guest.client.post('/v1/invitations/accept', { token: new URL(url).hash.slice('#token='.length) }), 200);
}

/** Makes an organisation and acts in it from now on. */
export async function found(account, name) {
  const org = expect(await account.client.post('/v1/orgs', { name }), 201);
  expect(await account.client.post(`/v1/orgs/${org.id}/switch`), 200);
  return org;
}

/** `olga` owns an organisation of several, with roles of its own and invitations that nobody has accepted. */
async function seedOrganization(world, bob) {
  const olga = await register(world.anonymous, { name: 'Olga Owner' });
  const { client } = olga;
  await found(olga, 'Alpine Outdoor Cooperative');
  const auditor = expect(await client.post('/v1/roles', {
    name: 'Auditor', description: 'Reads the audit log and nothing that customers wrote.', permissions: ['org:read', 'activity:read'],
  }), 201);
  expect(await client.post('/v1/roles', { name: 'Redaktion und Übersetzung', permissions: ['agents:read', 'prompts:read', 'prompts:write', 'ai:run'] }), 201);
  for (const [name, role] of [['Grace Hopper', { role: 'manager' }], ['علي حسن', { role: 'member' }], ['Maximiliane von Hohenstein-Waldburg', { role_id: auditor.id }]]) {
    await join(olga, await register(world.anonymous, { name }), role);
  }
  for (const email of ['linus@mail.test', 'a-rather-long-address-of-somebody.who.will.come@engineering.mail.test']) {
    expect(await client.post('/v1/invitations', { email, role: 'member' }), 201);
  }
  const invited = expect(await client.post('/v1/invitations', { email: bob.email, role: 'manager' }), 201);
  const agent = expect(await client.post('/v1/agents', SUPPORT), 201);
  const prompt = expect(await client.post('/v1/prompts', PROMPTS[0]), 201);
  expect(await client.post('/v1/api-keys', { name: 'Website', scopes: ['ai:run'], shared: true }), 201);
  const vera = await register(world.anonymous, { name: 'Vera Viewer' });
  await join(olga, vera, { role: 'viewer' });
  const [org] = expect(await vera.client.get('/v1/orgs'), 200).data.filter(({ personal }) => !personal);
  expect(await vera.client.post(`/v1/orgs/${org.id}/switch`), 200);
  return { olga, vera, invitation: new URL(invited.accept_url).hash, shared: { agent, prompt } };
}

/** What the administrator of the server sees: a suspended account with a plan, and blocked addresses. */
async function seedServer(world) {
  const { client } = world.admin;
  const name = 'Maximiliane von Hohenstein-Waldburg';
  const { user } = await register(world.anonymous, { name, email: 'suspended@mail.test' });
  expect(await client.patch(`/v1/admin/orgs/${user.org_id}`, { plan: 'premium', requests_per_minute: 1200 }), 200);
  expect(await client.patch(`/v1/admin/users/${user.id}`, { status: 'suspended' }), 200);
  for (const [address, reason] of [['192.0.2.7', 'Tried the passwords of a leaked list on every account, night after night.'], ['2001:db8:85a3:1234::7', null]]) {
    expect(await client.post('/v1/admin/blocked-ips', { address, minutes: 60 * 24 * 30, reason }), 201);
  }
}

/**
 * Accounts: `ada` with everything, `bob` with nothing yet, `olga` in an organisation of several, which `vera` may look at,
 * `root` who administers the server.
 */
export async function seed(world) {
  const ada = await register(world.anonymous, { name: 'Ada Lovelace' });
  const bob = await register(world.anonymous, { name: 'Bob' });
  await seedSignIns(world, ada);
  const agents = await seedAgents(ada.client);
  const prompts = await seedPrompts(ada.client);
  const runs = await seedRuns({ world, account: ada, agent: agents.support, others: agents.others });
  for (const error of ERRORS) expect(await ada.client.post('/v1/errors', error), 204);
  const widget = { name: 'Shop widget', scopes: ['ai:run', 'agents:read'], agent_ids: [agents.support.id], requests_per_minute: 30, expires_at: '2099-01-01T00:00:00Z' };
  for (const body of [{ name: 'Website backend', scopes: ['ai:run'] }, { name: 'Nightly export of every answer into the warehouse' }, widget]) {
    expect(await ada.client.post('/v1/api-keys', body), 201);
  }
  const { olga, vera, invitation, shared } = await seedOrganization(world, bob);
  await seedServer(world);
  return { ada, bob, olga, vera, root: world.admin, invitation, shared, agents, prompts, runs };
}
