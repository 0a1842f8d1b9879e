// Agents: the list as its address says, what one does with an agent, and a conversation that outlives a reload.
import { absentId } from '../lib/expect.mjs';
import { answer, ask, composer, questions } from './lib/chat.mjs';
import { allow, expect, expectReply, makeAgent, test } from './lib/fixtures.mjs';

const main = (page) => page.getByRole('main');
const cards = (page) => main(page).getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) });
const card = (page, name) => cards(page).filter({ has: page.getByRole('heading', { name, exact: true }) });
const names = (page) => cards(page).getByRole('heading', { level: 2 });
const menu = (page, name) => page.getByRole('button', { name: `Actions for ${name}`, exact: true });
const toast = (page) => page.getByRole('region', { name: /^Notifications/ });

async function choose(page, agent, item) {
  await menu(page, agent).click();
  await page.getByRole('menuitem', { name: item }).click();
}

const status = async (account, { id }) => (await account.client.get(`/v1/agents/${id}`)).status;

test('the list is searched, filtered and sorted, and a reload keeps that', async ({ page, account }) => {
  await makeAgent(account, { name: 'Alpha returns', description: 'Shoes and boots.' });
  await makeAgent(account, { name: 'Beta sales', config: { provider: 'sandbox', model: 'sandbox' } });
  await makeAgent(account, { name: 'Gamma returns' });
  expectReply(await account.client.post('/v1/agents', { draft: { name: 'Delta draft', step: 'identity', config: {} } }), 201);
  await page.goto('/agents');
  await expect(names(page)).toHaveText(['Delta draft', 'Gamma returns', 'Beta sales', 'Alpha returns']);

  await page.getByRole('searchbox', { name: 'Search agents' }).fill('returns');
  await expect(names(page)).toHaveText(['Gamma returns', 'Alpha returns']);
  await expect(page).toHaveURL('/agents?q=returns');
  await page.getByRole('combobox', { name: 'Sort by' }).selectOption('Name');
  await expect(names(page)).toHaveText(['Alpha returns', 'Gamma returns']);
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search agents' })).toHaveValue('returns');
  await expect(page.getByRole('combobox', { name: 'Sort by' })).toHaveValue('name');
  await expect(names(page)).toHaveText(['Alpha returns', 'Gamma returns']);

  await page.getByRole('combobox', { name: 'State' }).selectOption('Drafts');
  await expect(page.getByRole('heading', { name: 'No agent matches' })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('');
  await expect(names(page)).toHaveText(['Delta draft']);
  await page.getByRole('combobox', { name: 'State' }).selectOption('All states');
  await page.getByRole('combobox', { name: 'Provider' }).selectOption('Sandbox (built in, not an AI model)');
  await expect(names(page)).toHaveText(['Beta sales']);
  await page.reload();
  await expect(names(page)).toHaveText(['Beta sales']);
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('nobody');
  // The bar offers it while another filter holds, and the empty list too.
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(names(page)).toHaveText(['Alpha returns', 'Beta sales', 'Delta draft', 'Gamma returns']);
  await expect(page.getByRole('searchbox', { name: 'Search agents' })).toHaveValue('');
});

test('a long list comes in pages, as cards or as a table', async ({ page, account }) => {
  const count = 30;
  for (let i = 1; i <= count; i += 1) await makeAgent(account, { name: `Agent ${String(i).padStart(2, '0')}` });
  await page.goto('/agents?sort=name');
  await expect(cards(page)).toHaveCount(24);
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(cards(page)).toHaveCount(count);
  await expect(names(page).last()).toHaveText('Agent 30');
  await expect(page.getByRole('button', { name: 'Load more' })).toHaveCount(0);

  await page.getByRole('radio', { name: 'Table' }).click();
  await expect(page.getByRole('row')).toHaveCount(count + 1);
  await page.reload();
  await expect(page.getByRole('row').nth(1)).toContainText('Agent 01');
  await expect(page.getByRole('columnheader', { name: 'Model' })).toBeVisible();
  await page.getByRole('radio', { name: 'Cards' }).click();
  await expect(page.getByRole('table')).toHaveCount(0);
});

test('an agent is copied, deleted and brought back', async ({ page, account }) => {
  const agent = await makeAgent(account, { name: 'Returns desk' });
  await page.goto('/agents');
  await choose(page, 'Returns desk', 'Duplicate');
  await expect(card(page, 'Returns desk (copy)')).toBeVisible();

  await choose(page, 'Returns desk', 'Delete');
  await expect(card(page, 'Returns desk')).toHaveCount(0);
  await expect(toast(page)).toContainText('“Returns desk” is deleted');
  expect(await status(account, agent)).toBe(404);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(card(page, 'Returns desk')).toBeVisible();
  expect(await status(account, agent)).toBe(200);
});

test('deleting can be undone from another screen', async ({ page, account }) => {
  const agent = await makeAgent(account, { name: 'Returns desk' });
  await page.goto(`/agents/${agent.id}`);
  await choose(page, 'Returns desk', 'Delete');
  await expect(page).toHaveURL('/agents');
  await expect(page.getByRole('heading', { name: 'Build your first agent' })).toBeVisible();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(toast(page)).toContainText('“Returns desk” is back');
  expect(await status(account, agent)).toBe(200);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents', exact: true }).click();
  await expect(card(page, 'Returns desk')).toBeVisible();
});

test('an agent that is not there is told, and the way on', async ({ page, account: _signedIn, complaints }) => {
  for (const id of [absentId(), 'not-an-id']) {
    await page.goto(`/agents/${id}`);
    await expect(page.getByRole('heading', { name: 'There is no such agent' })).toBeVisible();
  }
  await page.getByRole('link', { name: 'All agents' }).click();
  await expect(page).toHaveURL('/agents');
  await expect(page.getByRole('heading', { name: 'Build your first agent' })).toBeVisible();
  allow(complaints, /status of (404|422)/);
});

test('the variables of an agent are a form beside its chat', async ({ page, account, world }) => {
  const agent = await makeAgent(account, {
    config: {
      instructions: 'Greet {{customer}}, order {{order}}, loyal: {{loyal}}, shop {{shop}}.',
      suggested_questions: ['Where is it?'],
      variables: [
        { name: 'customer', type: 'string', description: 'First name', required: true },
        { name: 'order', type: 'number', required: true },
        { name: 'loyal', type: 'boolean' },
        { name: 'shop', type: 'string', default: 'Trailhead' },
      ],
    },
  });
  await page.goto(`/agents/${agent.id}`);
  await expect(composer(page)).toBeDisabled();
  await expect(page.getByPlaceholder('Fill in the variables that are needed first.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Where is it?' })).toHaveCount(0);
  await page.getByRole('textbox', { name: 'customer' }).fill('Grace');
  await page.getByRole('spinbutton', { name: 'order' }).fill('4711');
  await page.getByRole('switch', { name: 'loyal' }).click();
  await page.getByRole('button', { name: 'Where is it?' }).click();
  await expect(answer(page)).toContainText('You said: Where is it?');
  const { messages } = world.fake.callsFor('echo').at(-1).json;
  expect(messages[0].content).toContain('Greet Grace, order 4711, loyal: true, shop Trailhead.');

  await page.getByRole('tab', { name: 'Use it' }).click();
  await expect(page.getByRole('figure')).toContainText('"customer": "customer"');
});

test('a conversation is there again after a reload, with an answer under way', async ({ page, account, world }) => {
  const { fake } = world;
  const agent = await makeAgent(account);
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'My name is Grace.');
  await expect(answer(page)).toContainText('You said: My name is Grace.');
  await expect(page).toHaveURL(/\?conversation=[0-9a-f-]{36}$/);
  await page.reload();
  await expect(questions(page)).toHaveCount(1);
  await expect(answer(page)).toContainText('You said: My name is Grace.');

  fake.script('echo', { text: 'You are Grace, of course you are.', chunks: 8, delay: 500 });
  await ask(page, 'Who am I?');
  await expect(answer(page)).toContainText('You');
  await page.reload();
  await expect(questions(page)).toHaveCount(2);
  await expect(answer(page)).toContainText('You are Grace, of course you are.');
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  const said = fake.callsFor('echo').at(-1).json.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  expect(said).toEqual(['My name is Grace.', 'Who am I?']);

  await page.getByRole('button', { name: 'New conversation' }).click();
  await expect(questions(page)).toHaveCount(0);
  await expect(page).toHaveURL(`/agents/${agent.id}`);
  await page.getByRole('tab', { name: 'Runs' }).click();
  await expect(main(page).getByRole('link', { name: 'Who am I?' })).toBeVisible();
});

test('who leaves in the middle of an answer is where the address says, and finds it going on', async ({ page, account, world: { fake } }) => {
  const agent = await makeAgent(account, { model: 'leaving' });
  fake.script('leaving', { text: 'It takes a while to say this.', chunks: 7, delay: 500 });
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'How long?');
  await expect(answer(page)).toContainText('It');
  await expect(page).toHaveURL(/conversation=/);
  await page.getByRole('navigation').getByRole('link', { name: 'Prompts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible();
  await expect(questions(page)).toHaveCount(0);
  await expect(page).toHaveURL('/prompts');
  await page.goBack();
  await expect(answer(page)).toContainText('It takes a while to say this.');
});

test('a conversation stays when its agent cannot be read again', async ({ page, account, complaints }) => {
  const agent = await makeAgent(account);
  await page.goto(`/agents/${agent.id}`);
  await ask(page, 'Are you there?');
  await expect(answer(page)).toContainText('You said: Are you there?');
  await page.route(`**/v1/agents/${agent.id}`, (route) => route.fulfill({
    status: 500, contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title: 'Something failed', status: 500, code: 'internal', request_id: 'r' }),
  }));
  const again = page.waitForResponse((reply) => reply.url().endsWith(`/v1/agents/${agent.id}`) && reply.status() === 500);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Only its creator', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await again;
  await expect(dialog).toHaveCount(0);
  await expect(answer(page)).toContainText('You said: Are you there?');
  await expect(composer(page)).toBeEnabled();
  allow(complaints, /status of 500/);
});

test('a conversation that is still being read comes neither over what is said nor over a new one', async ({ page, account }) => {
  const agent = await makeAgent(account);
  const { conversation_id: talk } = expectReply(await account.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'Before' }), 200);
  const lists = [];
  const held = (url) => url.pathname === '/v1/runs' && url.searchParams.has('conversation_id');
  const heldUp = async () => {
    await page.goto(`/agents/${agent.id}?conversation=${talk}`);
    await expect(composer(page)).toBeEnabled();
    await expect.poll(() => lists.length).toBeGreaterThan(0);
  };
  const letGo = () => Promise.all(lists.splice(0).map((route) => route.continue().catch(() => undefined)));
  await page.route(held, (route) => { lists.push(route); });

  await heldUp();
  await ask(page, 'After');
  await expect(composer(page)).toHaveValue('After');
  await letGo();
  await expect(questions(page)).toHaveText([/Before/]);
  await composer(page).press('Enter');
  await expect(answer(page)).toContainText('You said: After');
  await expect(questions(page)).toHaveCount(2);
  await expect(page).toHaveURL(`/agents/${agent.id}?conversation=${talk}`);

  await heldUp();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await letGo();
  await ask(page, 'Anew');
  await expect(answer(page)).toContainText('You said: Anew');
  await expect(questions(page)).toHaveCount(1);
});
