// The wizard: by keyboard alone, on two devices, without a network, and beside callers who must not notice.
import { absentId } from '../lib/expect.mjs';
import { answer, ask, questions } from './lib/chat.mjs';
import { allow, expect, expectReply, makeAgent, signIn, test, watch } from './lib/fixtures.mjs';
import { tabAndPress, tabTo } from './lib/keyboard.mjs';

const DRAFT = {
  name: 'Returns desk',
  description: 'Answers questions about returns.',
  sentence: 'Answers customers about returns and refunds.',
  step: 'identity',
  config: { provider: 'openai', model: 'echo', instructions: 'Ask for the order number.' },
};

async function makeDraft(account, change = {}) {
  const draft = { ...DRAFT, ...change, config: { ...DRAFT.config, ...change.config } };
  return expectReply(await account.client.post('/v1/agents', { draft }), 201);
}

const read = async (account, { id }) => expectReply(await account.client.get(`/v1/agents/${id}`), 200);
const call = async (account, { id }) => expectReply(await account.client.post('/v1/ai/generate', { agent_id: id, input_text: 'Hello' }), 200);
const systemOf = ({ json }) => json.messages.find(({ role }) => role === 'system').content;

const main = (page) => page.getByRole('main');
const preview = (page) => page.getByRole('complementary', { name: 'Preview' });
const steps = (page) => page.getByRole('navigation', { name: 'Steps' });
const step = (page, name) => steps(page).getByRole('button', { name });
const saved = (page) => page.getByRole('button', { name: 'Draft saved' });
const field = (page, name) => main(page).getByRole('textbox', { name, exact: true });
const publishButton = (page) => main(page).getByRole('button', { name: 'Publish', exact: true });

async function open(page, agent, at = 'identity') {
  await page.goto(`/agents/${agent.id}/edit?step=${at}`);
  await expect(page.getByRole('heading', { level: 1, name: agent.draft?.name || (agent.status === 'draft' ? 'Untitled agent' : agent.name) })).toBeVisible();
}

/** The same account in another browser. */
async function otherDevice(browser, account, origin) {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, account, origin);
  const page = await context.newPage();
  const complaints = watch(page, origin);
  return {
    page,
    close: async (allowed) => {
      if (allowed) allow(complaints, allowed);
      await context.close();
      expect(complaints, 'complaints of the other browser').toEqual([]);
    },
  };
}

const PROPOSAL = {
  name: 'Parcel desk',
  description: 'Says where parcels are.',
  persona: 'You are patient.',
  instructions: 'Ask for the parcel number.',
  response_style: 'friendly',
  temperature: 0.3,
  response_format: 'markdown',
  greeting: 'Hello!',
  suggested_questions: ['Where is my parcel?'],
  variables: [],
};

test('from a sentence to a published agent without touching the mouse', async ({ page, account, world }) => {
  test.setTimeout(90_000);
  const { keyboard } = page;
  await page.goto('/agents/new');
  await expect(page.getByRole('heading', { name: 'Start from a template' })).toBeVisible();

  await tabAndPress(page, page.getByRole('link', { name: 'Skip to content' }));
  await tabTo(page, page.getByRole('textbox', { name: 'Describe the agent' }), { most: 1 });
  world.fake.script('echo', { text: JSON.stringify(PROPOSAL), chunks: 10 });
  await keyboard.type('Tells customers where their parcels are.');
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Your agent is ready to try' })).toBeFocused();
  await tabAndPress(page, page.getByRole('button', { name: 'Go through the steps' }));

  await expect(page.getByRole('heading', { name: 'Who is it?' })).toBeFocused();
  await tabTo(page, field(page, 'Name'));
  await keyboard.press('Control+a');
  await keyboard.type('Parcel scout');
  const order = await tabTo(page, page.getByRole('button', { name: /^Language of the answers/ }));
  const fields = order.map(({ name }) => name).filter((name) => ['Description', 'Persona'].includes(name));
  expect(fields).toEqual(['Description', 'Persona']);
  await keyboard.press('Enter');
  await keyboard.type('Germ');
  await expect(page.getByRole('option', { name: 'German' })).toHaveAttribute('aria-selected', 'true');
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Language of the answers: German' })).toBeFocused();
  await tabAndPress(page, page.getByRole('button', { name: 'Continue: Model' }));

  await expect(page.getByRole('heading', { name: 'Which model answers?' })).toBeFocused();
  await tabAndPress(page, page.getByRole('button', { name: /^Model:/ }));
  await keyboard.type('openai/small');
  await expect(page.getByRole('option', { name: 'small', exact: true })).toHaveAttribute('aria-selected', 'true');
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Model: openai/small' })).toBeFocused();
  await tabTo(page, page.getByRole('slider', { name: 'Temperature' }));
  await keyboard.press('ArrowRight');
  await tabTo(page, page.getByRole('radio', { name: 'Markdown' }));
  await keyboard.press('ArrowUp');
  await expect(page.getByRole('radio', { name: 'Plain text' })).toBeChecked();
  await tabAndPress(page, page.getByRole('button', { name: 'Continue: Instructions' }));

  await expect(page.getByRole('heading', { name: 'What does it do?' })).toBeFocused();
  await tabTo(page, page.getByRole('textbox', { name: 'Instructions' }));
  await keyboard.press('Control+End');
  await keyboard.type(' Be brief.');
  await tabAndPress(page, page.getByRole('button', { name: 'Continue: Conversation' }));

  await expect(page.getByRole('heading', { name: 'How does a conversation go?' })).toBeFocused();
  await tabAndPress(page, page.getByRole('button', { name: 'Add a question' }));
  await expect(page.getByRole('textbox', { name: 'Question 2' })).toBeFocused();
  await keyboard.type('Who carries it up?');
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Question 3' })).toBeFocused();
  await keyboard.press('Backspace');
  await expect(page.getByRole('textbox', { name: 'Question 2' })).toBeFocused();
  await tabAndPress(page, page.getByRole('button', { name: 'Continue: Limits' }));

  await expect(page.getByRole('heading', { name: 'Where does it stop?' })).toBeFocused();
  await tabTo(page, page.getByRole('spinbutton', { name: 'Longest run' }));
  await keyboard.type('45');
  await tabAndPress(page, page.getByRole('button', { name: 'Continue: Review' }));

  await expect(page.getByRole('heading', { name: 'Ready to publish?' })).toBeFocused();
  await expect(page.getByText('Everything that is needed is there.')).toBeVisible();
  await tabAndPress(page, publishButton(page).last());
  await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);

  const agent = await read(account, { id: page.url().split('/').at(-1) });
  expect(agent).toMatchObject({
    name: 'Parcel scout',
    status: 'published',
    config: {
      language: 'German', provider: 'openai', model: 'small', temperature: 0.4, response_format: 'text', instructions: 'Ask for the parcel number. Be brief.',
      suggested_questions: ['Where is my parcel?', 'Who carries it up?'], limits: { timeout_s: 45 },
    },
  });
});

test('publishing lists what is missing or wrong, and each entry leads to its field', async ({ page, account }) => {
  const agent = await makeDraft(account, { name: '', config: { instructions: '', max_tokens: 0, variables: [{ name: 'not a name', type: 'string' }] } });
  await open(page, agent, 'limits');
  await publishButton(page).click();
  await expect(page.getByRole('heading', { name: '4 things are in the way of publishing' })).toBeFocused();
  const entry = (name) => main(page).getByRole('button', { name });
  await expect(step(page, 'Model')).toHaveAccessibleName(/needs attention/);
  await expect(step(page, 'Conversation')).toHaveAccessibleName(/needs attention/);

  await entry(/^Name — Give the agent a name/).click();
  await expect(field(page, 'Name')).toBeFocused();
  await field(page, 'Name').fill('Returns desk');

  await step(page, 'Review').click();
  await entry(/^Instructions —/).click();
  await expect(page.getByRole('textbox', { name: 'Instructions' })).toBeFocused();
  await page.keyboard.type('Ask for the order number.');

  await step(page, 'Review').click();
  await entry(/^Longest answer — Choose a number/).click();
  const longest = page.getByRole('spinbutton', { name: 'Longest answer' });
  await expect(longest).toBeFocused();
  await expect(longest).toHaveAttribute('aria-invalid', 'true');
  await longest.fill('500');
  await expect(longest).not.toHaveAttribute('aria-invalid', 'true');

  await step(page, 'Review').click();
  await expect(page.getByRole('heading', { name: '1 thing is in the way of publishing' })).toBeVisible();
  await entry(/^Variables, no\. 1 — Use letters/).click();
  const name = main(page).getByRole('listitem', { name: 'not a name' }).getByRole('textbox', { name: 'Name' });
  await expect(name).toBeFocused();
  await name.fill('customer');

  await step(page, 'Review').click();
  await expect(page.getByText('Everything that is needed is there.')).toBeVisible();
  await expect(step(page, 'Conversation')).toHaveAccessibleName(/done/);
  await publishButton(page).last().click();
  await expect(page).toHaveURL(`/agents/${agent.id}`);
});

test('what only the server can know is told at its field too', async ({ page, account, complaints }) => {
  const agent = await makeDraft(account, { config: { prompt_id: absentId() } });
  await open(page, agent, 'review');
  await publishButton(page).last().click();
  await expect(page.getByRole('heading', { name: '1 thing is in the way of publishing' })).toBeFocused();
  await main(page).getByRole('button', { name: /^Saved prompt —/ }).click();
  await expect(page.getByRole('heading', { name: 'What does it do?' })).toBeVisible();
  await page.getByRole('button', { name: 'Use no saved prompt' }).click();
  await publishButton(page).click();
  await expect(page).toHaveURL(`/agents/${agent.id}`);
  allow(complaints, /status of (404|422)/);
});

test('going on from a wrong field leads to it', async ({ page, account }) => {
  await open(page, await makeDraft(account), 'model');
  const longest = page.getByRole('spinbutton', { name: 'Longest answer' });
  await longest.fill('0');
  await page.getByRole('button', { name: 'Continue: Instructions' }).click();
  await expect(longest).toBeFocused();
  await expect(page.getByText('Choose a number from 1 to 1,000,000.')).toBeVisible();
  await longest.fill('400');
  await page.getByRole('button', { name: 'Continue: Instructions' }).click();
  await expect(page.getByRole('heading', { name: 'What does it do?' })).toBeFocused();
});

test('steps are entered in any order, and Back goes through them', async ({ page, account }) => {
  await open(page, await makeDraft(account));
  await page.getByRole('button', { name: 'Continue: Model' }).click();
  await step(page, 'Limits').click();
  await expect(page.getByRole('heading', { name: 'Where does it stop?' })).toBeFocused();
  await expect(step(page, 'Limits')).toHaveAttribute('aria-current', 'step');
  await step(page, 'Identity').click();
  await expect(field(page, 'Name')).toHaveValue('Returns desk');
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Where does it stop?' })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Which model answers?' })).toBeFocused();
});

test('one field is written anew, and that is taken back', async ({ page, account, world }) => {
  const agent = await makeDraft(account);
  await open(page, agent);
  world.fake.script('echo', { text: JSON.stringify({ ...PROPOSAL, description: 'Helps with returns, kindly.' }), chunks: 5 });
  await page.getByRole('button', { name: 'Have “Description” rewritten' }).click();
  await expect(field(page, 'Description')).toHaveValue('Helps with returns, kindly.');
  await expect(field(page, 'Name')).toHaveValue('Returns desk');
  await expect(saved(page)).toBeVisible();
  await expect.poll(async () => (await read(account, agent)).draft.description).toBe('Helps with returns, kindly.');

  await page.getByRole('button', { name: 'Undo the rewriting of “Description”' }).click();
  await expect(field(page, 'Description')).toHaveValue('Answers questions about returns.');
  await expect.poll(async () => (await read(account, agent)).draft.description).toBe('Answers questions about returns.');

  world.fake.script('echo', { status: 401, fault: 'status' });
  await page.getByRole('button', { name: 'Have “Description” rewritten' }).click();
  await expect(main(page).getByRole('alert').filter({ hasText: 'This could not be written.' })).toBeVisible();
  await expect(field(page, 'Description')).toHaveValue('Answers questions about returns.');
});

test('what is typed without a network is saved when it is back', async ({ page, account, context, complaints }) => {
  const agent = await makeDraft(account);
  await open(page, agent);
  await context.setOffline(true);
  await field(page, 'Persona').fill('You are patient.');
  await expect(page.getByRole('button', { name: 'Offline — saved when you are back' })).toBeVisible();
  await expect(page.getByText('You are offline. What you type stays here')).toBeVisible();
  await field(page, 'Name').fill('Returns office');
  await context.setOffline(false);
  await expect(saved(page)).toBeVisible();
  const { draft } = await read(account, agent);
  expect(draft).toMatchObject({ name: 'Returns office', config: { persona: 'You are patient.' } });
  allow(complaints, /ERR_INTERNET_DISCONNECTED/);
});

test('two devices that write at once are asked whose version stays', async ({ page, account, browser, origin, complaints }) => {
  const agent = await makeDraft(account);
  await open(page, agent);
  const other = await otherDevice(browser, account, origin);
  await open(other.page, agent);
  const conflict = (at) => main(at).getByRole('alert').filter({ hasText: 'This agent was changed somewhere else' });

  await field(other.page, 'Name').fill('Theirs');
  await expect(saved(other.page)).toBeVisible();
  await expect.poll(async () => (await read(account, agent)).draft.name).toBe('Theirs');
  await field(page, 'Description').fill('Mine.');
  await expect(conflict(page)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Changed elsewhere' })).toBeVisible();
  await conflict(page).getByRole('button', { name: 'Keep mine' }).click();
  await expect(conflict(page)).toHaveCount(0);
  await expect(saved(page)).toBeVisible();
  expect((await read(account, agent)).draft).toMatchObject({ name: 'Returns desk', description: 'Mine.' });

  await field(other.page, 'Persona').fill('You are in a hurry.');
  await expect(conflict(other.page)).toBeVisible();
  await conflict(other.page).getByRole('button', { name: 'Load theirs' }).click();
  await expect(field(other.page, 'Description')).toHaveValue('Mine.');
  await expect(field(other.page, 'Persona')).toHaveValue('');
  await expect(field(other.page, 'Name')).toHaveValue('Returns desk');
  await field(other.page, 'Name').fill('Together');
  await expect(saved(other.page)).toBeVisible();
  await expect.poll(async () => (await read(account, agent)).draft).toMatchObject({ name: 'Together', description: 'Mine.' });
  allow(complaints, /status of 412/);
  await other.close(/status of 412/);
});

test('two models answer side by side, and one of them is taken', async ({ page, account, world }) => {
  const agent = await makeDraft(account);
  await open(page, agent, 'model');
  await preview(page).getByRole('button', { name: 'Compare models' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare models' });
  await expect(dialog.getByRole('button', { name: 'Model 1: openai/echo' })).toBeVisible();
  await dialog.getByRole('button', { name: /^Model 2:/ }).click();
  await page.getByRole('option', { name: 'large' }).first().click();
  world.fake.script('echo', { text: 'A short answer.' });
  world.fake.script('large', { text: 'A much **longer** answer.', delay: 50 });
  await expect(dialog.getByRole('button', { name: 'Model 2: openai/large' })).toBeFocused();
  await dialog.getByRole('textbox', { name: 'Question' }).fill('How long may I return shoes?');
  await page.keyboard.press('Control+Enter');
  const lane = (name) => dialog.getByRole('group', { name, exact: true });
  await expect(lane('openai/echo')).toContainText('A short answer.');
  await expect(lane('openai/large')).toContainText('A much longer answer.');
  await expect(dialog.getByText('Fastest')).toHaveCount(1);
  expect(systemOf(world.fake.callsFor('large').at(-1))).toContain('Ask for the order number.');

  world.fake.script('echo', { fault: 'status', status: 401 });
  await dialog.getByRole('button', { name: 'Ask all' }).click();
  await expect(lane('openai/large')).toContainText('You said: How long may I return shoes?');
  await expect(lane('openai/echo')).toContainText(/refused|key|credentials/i);
  await expect(lane('openai/echo').getByText(/You said/)).toHaveCount(0);
  await lane('openai/large').getByRole('button', { name: 'Use this model' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Model: openai/large' })).toBeVisible();
  await expect.poll(async () => (await read(account, agent)).draft.config.model).toBe('large');
});

test('the preview stops, answers again, and branches where a question is edited', async ({ page, account, world }) => {
  const { fake } = world;
  await open(page, await makeDraft(account));
  const pane = preview(page);
  fake.script('echo', { fault: 'silent_midstream', text: 'One two three four', chunks: 4, after: 2 });
  await ask(pane, 'Count!');
  await expect(answer(pane)).toContainText('One two');
  await pane.getByRole('button', { name: 'Stop' }).click();
  await expect(answer(pane)).toContainText('Stopped');
  await expect.poll(() => fake.callsFor('echo').at(-1).ended).toBe('client');

  fake.script('echo', { text: 'One two three four.' });
  await answer(pane).getByRole('button', { name: 'Answer again' }).click();
  await expect(answer(pane)).toContainText('One two three four.');
  await expect(pane.getByRole('group', { name: 'Version 2 of 2' })).toBeVisible();
  await answer(pane).getByRole('button', { name: 'Previous version' }).click();
  await expect(answer(pane)).toContainText('Stopped');
  await answer(pane).getByRole('button', { name: 'Next version' }).click();

  await ask(pane, 'And backwards?');
  await expect(answer(pane)).toContainText('You said: And backwards?');
  await questions(pane).first().getByRole('button', { name: 'Edit' }).click();
  const edit = pane.getByRole('textbox', { name: 'Edit your message' });
  await expect(edit).toBeFocused();
  await edit.fill('Count to two!');
  await edit.press('Enter');
  await expect(answer(pane)).toContainText('You said: Count to two!');
  await expect(questions(pane)).toHaveCount(1);
  const { messages } = fake.callsFor('echo').at(-1).json;
  expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(['Count to two!']);

  await questions(pane).first().getByRole('button', { name: 'Previous version' }).click();
  await expect(questions(pane)).toHaveCount(2);
  await expect(answer(pane)).toContainText('You said: And backwards?');

  await field(page, 'Persona').fill('You are patient.');
  await expect(pane.getByText('The configuration has changed since.')).toBeVisible();
  await pane.getByRole('button', { name: 'Start over' }).click();
  await expect(questions(pane)).toHaveCount(0);
});

test('callers stay on the published version until the changes are published', async ({ page, account, world }) => {
  const { fake } = world;
  const agent = await makeAgent(account, { config: { instructions: 'First edition.' } });
  await open(page, agent, 'instructions');
  await expect(page.getByRole('button', { name: 'No changes' })).toBeVisible();
  await expect(main(page).getByRole('button', { name: 'Publish changes' }).first()).toBeDisabled();
  const editor = page.getByRole('textbox', { name: 'Instructions' });
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Second edition.');
  await expect(saved(page)).toBeVisible();
  await expect(page.getByText('Unpublished changes')).toBeVisible();
  await call(account, agent);
  expect(systemOf(fake.callsFor('echo').at(-1))).toContain('First edition.');

  await page.getByRole('link', { name: 'Back to the agent' }).click();
  await expect(page.getByText('Callers still get version 1.')).toBeVisible();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Publish changes' }).first().click();
  await expect(page).toHaveURL(`/agents/${agent.id}`);
  await expect(page.getByText('Version 2 answers from now on.', { exact: true })).toBeVisible();
  await expect(page.getByText('Callers still get')).toHaveCount(0);
  await call(account, agent);
  expect(systemOf(fake.callsFor('echo').at(-1))).toContain('Second edition.');
});

test('changes are discarded, and that is taken back', async ({ page, account }) => {
  const agent = await makeAgent(account);
  await open(page, agent);
  await field(page, 'Description').fill('Something better.');
  await expect(saved(page)).toBeVisible();
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Discard changes' }).click();
  await expect(field(page, 'Description')).toHaveValue('Answers questions about orders.');
  await expect(page.getByRole('button', { name: 'No changes' })).toBeVisible();
  expect(await read(account, agent)).toMatchObject({ has_draft: false, draft: null });

  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(field(page, 'Description')).toHaveValue('Something better.');
  await expect.poll(async () => (await read(account, agent)).draft?.description).toBe('Something better.');
  // What is typed next is saved on top of it.
  await field(page, 'Description').fill('Something better still.');
  await expect.poll(async () => (await read(account, agent)).draft?.description).toBe('Something better still.');
});

test('a draft is deleted, and that is taken back', async ({ page, account, complaints }) => {
  const agent = await makeDraft(account);
  await open(page, agent);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete this draft' }).click();
  await expect(page).toHaveURL('/agents');
  await expect(page.getByRole('heading', { name: 'Build your first agent' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(page).toHaveURL(`/agents/${agent.id}/edit`);
  await expect(field(page, 'Name')).toHaveValue('Returns desk');
  allow(complaints, /status of 404/);
});
