// Answers on their way to the screen: whole however they are cut, kept when they are stopped, resumed
// after a reload, and honest when they fail.
import { register } from '../lib/world.mjs';
import { openDripProxy } from './lib/drip-proxy.mjs';
import { allow, Client, expect, expectReply, makeAgent, signIn, test, watch } from './lib/fixtures.mjs';

const TEXT = 'Grüße aus 東京 🚀👩‍👩‍👧‍👦: "quoted", \\n is no line break, {"json": true}, data: not a field,\n\nid: 7\n\nevent: run.completed\n\n'
  + '1. Eins\n2. Zwei – 50 %\n\nمرحبا بالعالم\n\n```js\nconst a = `x`;\n```\n\nDas war alles.';

const composer = (page) => page.getByRole('textbox', { name: 'Message' });
const log = (page) => page.getByRole('log', { name: 'Conversation' });
const figures = (page) => page.getByRole('group', { name: 'Figures of this answer' });
const answers = (page) => page.getByRole('article', { name: /^Message from/ });

async function ask(page, text) {
  await composer(page).fill(text);
  await page.keyboard.press('Enter');
}

/** What the copy button gives: the answer as it came, not as it is drawn. */
async function copied(page) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await answers(page).last().getByRole('button', { name: 'Copy', exact: true }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Words that tell their place, so that a lost, doubled or swapped one shows. */
const numbered = (count) => Array.from({ length: count }, (_, i) => `w${i} `).join('');

const cuts = {
  'by the provider, byte by byte': { fault: 'multibyte_split', text: TEXT, chunks: 40 },
  'by the provider, with events nobody knows between them': { fault: 'unknown_events', text: TEXT, chunks: 30 },
  'into one character a piece': { text: TEXT, chunks: [...TEXT].length },
  'not at all': { text: TEXT, chunks: 1 },
};

for (const [way, script] of Object.entries(cuts)) {
  test(`an answer cut ${way} is whole on the screen`, async ({ page, account, world }) => {
    const agent = await makeAgent(account, { model: 'cut' });
    world.fake.script('cut', script);
    await page.goto(`/agents/${agent.id}`);
    await ask(page, 'Go on.');
    await expect(figures(page)).toBeVisible();
    await expect(answers(page)).toContainText('Das war alles.');
    expect(await copied(page)).toBe(TEXT);
  });
}

test('an answer whose events are cut on the way to the browser is whole', async ({ browser, account, world }) => {
  const proxy = await openDripProxy(world.server.port);
  const context = await browser.newContext({ baseURL: proxy.origin, locale: 'en-GB' });
  await signIn(context, account, proxy.origin);
  const page = await context.newPage();
  const complaints = watch(page, proxy.origin);
  const agent = await makeAgent(account, { model: 'cut' });
  world.fake.script('cut', { text: TEXT, chunks: 25 }, { text: TEXT, chunks: 25 });

  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Go on.');
  await expect(figures(page)).toBeVisible();
  expect(await copied(page)).toBe(TEXT);

  await page.goto(`/agents/${agent.id}/edit?step=model`);
  const preview = page.getByRole('complementary', { name: 'Preview' });
  await ask(page, 'Go on.');
  await expect(preview.getByRole('group', { name: 'Figures of this answer' })).toBeVisible();
  await expect(preview).toContainText('مرحبا بالعالم');
  expect(await copied(page)).toBe(TEXT);
  expect(complaints).toEqual([]);
  await context.close();
  await proxy.close();
});

test('Stop keeps what has come, on the screen and on the server', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'slow' });
  world.fake.script('slow', { text: numbered(400), chunks: 400, delay: 40 });
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Count.');
  await expect(log(page)).toContainText('w8 ');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(log(page)).toContainText('Stopped');
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  const shown = await copied(page);
  expect(numbered(400).startsWith(shown)).toBe(true);
  expect(shown).toContain('w8 ');
  await expect.poll(async () => (await account.client.get('/v1/runs?limit=1')).json.data[0].status).toBe('cancelled');
  await world.fake.waitFor('slow', (call) => call.ended === 'client');

  // It is read back with nothing of it lost.
  await page.reload();
  await expect(log(page)).toContainText('w8 ');
  await expect(log(page)).toContainText('Stopped');
  expect(numbered(400).startsWith(await copied(page))).toBe(true);
});

test('Escape stops the answer too', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'slow' });
  world.fake.script('slow', { text: numbered(400), chunks: 400, delay: 40 });
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Count.');
  await expect(log(page)).toContainText('w3 ');
  await page.keyboard.press('Escape');
  await expect(log(page)).toContainText('Stopped');
});

test('a reload in the middle of an answer goes on with it, nothing lost and nothing doubled', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'slow' });
  const text = numbered(150);
  world.fake.script('slow', { text, chunks: 150, delay: 25 });
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Count.');
  await expect(log(page)).toContainText('w10 ');
  await expect(page).toHaveURL(/conversation=/);
  await page.reload();
  await expect(log(page)).toContainText('w10 ');
  await expect(log(page)).toHaveAttribute('aria-busy', 'true');
  // Once more, further on.
  await expect(log(page)).toContainText('w60 ');
  await page.reload();
  await expect(figures(page)).toBeVisible({ timeout: 20_000 });
  expect(await copied(page)).toBe(text);
  await expect(answers(page)).toHaveCount(1);
  await expect(page.getByRole('article', { name: 'Your message' })).toHaveCount(1);
  expect(world.fake.callsFor('slow').at(-1).ended).toBe('server');
  expect((await account.client.get('/v1/runs')).json.data).toHaveLength(1);
});

test('a run under way is followed on its own page and cancelled from there', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'slow' });
  world.fake.script('slow', { text: numbered(800), chunks: 800, delay: 30 });
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Count.');
  await expect(log(page)).toContainText('w5 ');
  const { id } = (await account.client.get('/v1/runs?limit=1')).json.data[0];
  await page.goto(`/runs/${id}`);
  await expect(page.getByRole('main')).toContainText('w12 ');
  await page.getByRole('button', { name: 'Cancel run' }).click();
  await expect(page.getByText('This run was cancelled.')).toBeVisible();
  await expect(page.getByRole('main')).toContainText('w12 ');
});

/** What the provider does, and what the screen says about it. */
const FAULTS = {
  'refuses the key': { script: { status: 401 }, says: 'The provider refused the API key' },
  'is asked too often': { script: { status: 429 }, says: /rate|often|limit/i },
  'has an error of its own': { script: { status: 500 }, says: /provider/i },
  'is overloaded': { script: { status: 503 }, says: /provider/i },
  'closes without a word': { script: { fault: 'reset_before' }, says: /provider|connection/i },
  'breaks off in the middle': { script: { fault: 'reset_midstream', text: numbered(40), chunks: 10, after: 4 }, says: /connection|provider/i, partial: 'w4 ' },
  'reports an error in its stream': { script: { fault: 'error_event', text: numbered(40), chunks: 10, after: 4 }, says: /provider|error/i, partial: 'w4 ' },
  'sends a page instead of an answer': { script: { fault: 'html' }, says: /provider|answer|reply/i },
  'sends half an event': { script: { fault: 'truncated_json', text: numbered(40), chunks: 10, after: 4 }, says: /provider|answer|reply|connection/i },
  'sends something of another shape': { script: { fault: 'wrong_shape' }, says: /provider|answer|reply/i },
  'speaks another protocol': { script: { fault: 'not_http' }, says: 'not valid HTTP' },
};

for (const [what, { script, says, partial }] of Object.entries(FAULTS)) {
  test(`a provider that ${what} is told honestly, and Try again tries again`, async ({ page, account, world, complaints }) => {
    const model = `faulty-${script.fault ?? script.status}`;
    const agent = await makeAgent(account, { model });
    // However often the server tries by itself.
    world.fake.script(model, ...Array.from({ length: 8 }, () => script));
    await page.goto(`/agents/${agent.id}`);
    await ask(page, 'Are you there?');
    const retry = answers(page).last().getByRole('button', { name: 'Try again' });
    await expect(retry).toBeVisible({ timeout: 20_000 });
    await expect(answers(page).last()).toContainText(says);
    if (partial) await expect(answers(page).last()).toContainText(partial);
    world.fake.reset();
    await retry.click();
    await expect(answers(page).last()).toContainText('You said: Are you there?');
    await expect(retry).toBeHidden();
    allow(complaints, /status of [45]\d\d/);
  });
}

/** A server of the test's own, and a page signed in there. */
async function ownServer({ browser, world, env }) {
  const server = await world.start(env);
  const account = await register(new Client(server.url));
  const baseURL = `http://localhost:${server.port}`;
  const context = await browser.newContext({ baseURL, locale: 'en-GB' });
  await signIn(context, account, baseURL);
  const agent = await makeAgent(account, { model: 'slow' });
  world.fake.script('slow', { text: numbered(400), chunks: 400, delay: 40 });
  const page = await context.newPage();
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Count.');
  await expect(log(page)).toContainText('w6 ');
  return { server, account, context, page };
}

test('a server that dies in the middle of an answer ends it honestly, and Resume tells how it stands', async ({ browser, world }) => {
  const { server, account, context, page } = await ownServer({ browser, world });
  const { port } = server;
  await server.kill9();
  await expect(log(page)).toContainText('The connection was lost before the answer ended.');
  await expect(log(page)).toContainText('w6 ');

  await server.start({ PORT: port });
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeHidden();
  const retry = answers(page).last().getByRole('button', { name: 'Try again' });
  await expect(retry).toBeVisible();
  const { data: [run] } = expectReply(await new Client(server.url, { token: account.token }).get('/v1/runs?limit=1'), 200);
  expect(['failed', 'cancelled']).toContain(run.status);
  world.fake.reset();
  await retry.click();
  await expect(answers(page).last()).toContainText('You said: Count.');
  await context.close();
});

test('a server that is stopped in good order ends the answer honestly', async ({ browser, world }) => {
  const { server, context, page } = await ownServer({ browser, world, env: { AGENTGEN_DRAIN_TIMEOUT_MS: 1000 } });
  await server.terminate();
  await expect(log(page)).toHaveAttribute('aria-busy', 'false');
  await expect(answers(page).last().getByRole('button', { name: /Try again|Resume/ }).first()).toBeVisible();
  await expect(log(page)).toContainText('w6 ');
  await context.close();
});
