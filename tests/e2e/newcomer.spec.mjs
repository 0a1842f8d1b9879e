// The whole path of somebody who has just started the server: from the door to an agent that a program calls.
import { PASSWORD, World } from '../lib/world.mjs';
import { answer, ask, questions } from './lib/chat.mjs';
import { allow, expect, PAGES, test as base, watch } from './lib/fixtures.mjs';
import { answerIn, runSnippet, SNIPPETS } from './lib/snippets.mjs';

/** Tests of a server that nobody has an account on. */
const freshServer = (env) => base.extend({
  world: [async ({}, use) => {
    const world = await new World({ accounts: false, env: { ...PAGES, ...env } }).open();
    await use(world);
    await world.close();
  }, { scope: 'worker' }],
});

const MODEL = 'gpt-4o-mini';
const withModel = freshServer({ AGENTGEN_DEFAULT_MODEL: `openai/${MODEL}`, ANTHROPIC_API_KEY: null });
const withoutKey = freshServer({
  OPENAI_API_KEY: null, OPENAI_BASE_URL: null, ANTHROPIC_API_KEY: null, ANTHROPIC_BASE_URL: null, AGENTGEN_DEFAULT_MODEL: null,
});

const EMAIL = 'grace@mail.test';
const SENTENCE = 'Answers customers of an outdoor shop about returns and refunds.';
const PROPOSAL = {
  name: 'Trail desk',
  description: 'Answers questions about returns.',
  persona: 'You are the return clerk of {{shop}}.',
  instructions: 'You answer questions about returns.\n\n- Ask for the order number.\n- Never promise money.',
  response_style: 'friendly',
  temperature: 0.3,
  response_format: 'markdown',
  greeting: 'Hello! What would you like to send back?',
  suggested_questions: ['How long may I return shoes?', 'Who pays the parcel?'],
  variables: [{ name: 'shop', type: 'string', default: 'Trailhead', description: 'Name of the shop', required: false }],
};
/** A question that a careless example would break at. */
const AWKWARD = 'It\'s "late", isn\'t it? $HOME `date` \\n 100% – größer';

async function registerFirst(page) {
  await page.goto('/');
  await expect(page).toHaveURL('/login');
  await page.getByRole('link', { name: 'Create one' }).click();
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/');
}

const setupList = (page) => page.getByRole('region', { name: 'Get started' });
const main = (page) => page.getByRole('main');
const preview = (page) => page.getByRole('complementary', { name: 'Preview' });
const saved = (page) => page.getByRole('button', { name: 'Draft saved' });

async function goTo(page, name) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
}

/** Keeps the drafts of a page from being saved; returns what lets them through. */
async function holdSaving(page) {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  await page.route(/\/v1\/agents\/[0-9a-f-]{36}\/draft$/, async (route) => {
    await promise;
    await route.continue();
  });
  return async () => {
    resolve();
    await page.unrouteAll({ behavior: 'wait' });
  };
}

/** Makes a key on the agent's page; returns its secret. */
async function makeKeyInline(page, name) {
  await page.getByRole('tab', { name: 'Use it' }).click();
  await expect(page.getByRole('figure')).toContainText('Bearer YOUR_API_KEY');
  await page.getByRole('button', { name: 'Create a key here' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await expect(dialog.getByLabel('Name')).toHaveValue(name);
  await dialog.getByLabel('What it may do').selectOption('Run agents and read what they answered');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const shown = page.getByRole('dialog', { name: 'Copy your key now' });
  const secret = await shown.getByText(/^agk_/).textContent();
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.getByText('Your new key is filled in below.')).toBeVisible();
  return secret;
}

/** The example on the page, in a language, streamed or not. */
async function shownSnippet(page, language, streamed) {
  const stream = page.getByRole('switch', { name: 'Stream the answer' });
  if ((await stream.getAttribute('aria-checked') === 'true') !== streamed) await stream.click();
  await page.getByRole('radio', { name: language }).click();
  const code = page.getByRole('figure').locator('code');
  await expect(code).toHaveText(SNIPPETS[language]);
  return code.textContent();
}

async function openRun(page, question) {
  await main(page).getByRole('link', { name: question }).first().click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/);
}

withModel('from the first account to a program that calls the agent', async ({ page, world, browser, origin }) => {
  withModel.setTimeout(120_000);
  const { fake } = world;

  await withModel.step('the first steps begin with a test of the provider', async () => {
    await registerFirst(page);
    await expect(setupList(page)).toContainText('1 of 4 done');
    await setupList(page).getByRole('button', { name: 'Test OpenAI' }).click();
    await expect(setupList(page)).toContainText('2 of 4 done');
    expect(fake.callsFor(MODEL)).toHaveLength(1);
    await setupList(page).getByRole('link', { name: 'Create an agent' }).click();
  });

  await withModel.step('one sentence becomes a configuration, and one sees it being written', async () => {
    await expect(page.getByText(`Written by openai/${MODEL}`)).toBeVisible();
    fake.script(MODEL, { text: JSON.stringify(PROPOSAL), chunks: 60, delay: 30 });
    await page.getByRole('textbox', { name: 'Describe the agent' }).fill(SENTENCE);
    await page.getByRole('button', { name: 'Create agent' }).click();
    await expect(page.getByRole('heading', { name: 'Writing your agent…' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Your agent is ready to try' })).toBeVisible();
    await expect(main(page)).toContainText('Never promise money.');
    await page.getByRole('button', { name: 'Go through the steps' }).click();
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(PROPOSAL.name);
    await expect(saved(page)).toBeVisible();
  });

  await withModel.step('the preview answers with what is not even saved', async () => {
    const release = await holdSaving(page);
    await page.getByRole('textbox', { name: 'Persona' }).fill('You are the captain of {{shop}}.');
    fake.script(MODEL, { text: 'Thirty days, and gladly.', chunks: 6, delay: 400 });
    await ask(preview(page), 'How long may I return shoes?');
    await expect(answer(preview(page))).toContainText('Thirty');
    await expect(preview(page).getByRole('button', { name: 'Stop' })).toBeVisible();
    await expect(answer(preview(page))).toContainText('Thirty days, and gladly.');
    await expect(preview(page).getByRole('button', { name: 'Send' })).toBeVisible();
    expect(JSON.stringify(fake.callsFor(MODEL).at(-1).json.messages)).toContain('You are the captain of Trailhead.');
    await expect(page.getByRole('button', { name: 'Saving…' })).toBeVisible();
    await release();
    await expect(saved(page)).toBeVisible();
  });

  await withModel.step('a reload and another device go on where one was', async () => {
    await page.getByRole('button', { name: 'Continue: Model' }).click();
    await page.getByRole('button', { name: 'Continue: Instructions' }).click();
    await expect(page.getByRole('heading', { name: 'What does it do?' })).toBeFocused();
    await expect(saved(page)).toBeVisible();
    await page.reload();
    await expect(page.getByRole('heading', { name: 'What does it do?' })).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Instructions' })).toContainText('Ask for the order number.');

    const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
    const other = await context.newPage();
    const heard = watch(other, origin);
    await other.goto('/');
    await other.getByLabel('E-mail').fill(EMAIL);
    await other.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('link', { name: `Resume ${PROPOSAL.name}` }).click();
    await expect(other.getByRole('heading', { name: 'What does it do?' })).toBeVisible();
    await other.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Identity' }).click();
    await expect(other.getByRole('textbox', { name: 'Persona' })).toHaveValue('You are the captain of {{shop}}.');
    allow(heard, /status of 401/);
    expect(heard, 'complaints of the other browser').toEqual([]);
    await context.close();
  });

  await withModel.step('it is published and answers in its chat', async () => {
    await page.reload();
    await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Review' }).click();
    await expect(page.getByText('Everything that is needed is there.')).toBeVisible();
    await main(page).getByRole('button', { name: 'Publish', exact: true }).last().click();
    await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);
    await expect(page.getByText(`${PROPOSAL.name} is published`, { exact: true })).toBeVisible();
    await expect(main(page)).toContainText(PROPOSAL.greeting);
    await page.getByRole('button', { name: 'Who pays the parcel?' }).click();
    await expect(answer(page)).toContainText('You said: Who pays the parcel?');
    await expect(questions(page)).toHaveCount(1);
  });

  await withModel.step('the programs it shows run as they stand', async () => {
    const secret = await makeKeyInline(page, PROPOSAL.name);
    await page.getByRole('textbox', { name: 'What to ask' }).fill(AWKWARD);
    for (const streamed of [false, true]) {
      for (const language of Object.keys(SNIPPETS)) {
        const code = await shownSnippet(page, language, streamed);
        expect(code).toContain(`Bearer ${secret}`);
        const printed = await runSnippet(language, code);
        expect(answerIn(language, printed), `${language}, streamed: ${streamed}`).toBe(`You said: ${AWKWARD}`);
        expect(fake.callsFor(MODEL).at(-1).stream).toBe(streamed);
      }
    }
  });

  await withModel.step('the dashboard shows these runs, and the first steps are gone', async () => {
    await goTo(page, 'Dashboard');
    await expect(main(page).getByRole('link', { name: AWKWARD }).first()).toBeVisible();
    await expect(main(page).getByRole('link', { name: AWKWARD })).toHaveCount(6);
    await expect(setupList(page)).toHaveCount(0);
    await expect(page.getByRole('button', { name: /Show the first steps/ })).toHaveCount(0);
    await openRun(page, AWKWARD);
    await expect(page.getByRole('heading', { name: PROPOSAL.name })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Question' })).toBeVisible();
    await expect(main(page).getByText(AWKWARD, { exact: true })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Answer' })).toBeVisible();
    await page.getByRole('radio', { name: 'Raw text' }).click();
    await expect(main(page).getByText(`You said: ${AWKWARD}`, { exact: true })).toBeVisible();
    await expect(main(page)).toContainText('Completed');
    await expect(main(page)).toContainText(MODEL);
  });
});

withoutKey('without any key the sandbox answers, from a template to a program', async ({ page }) => {
  await registerFirst(page);
  await expect(setupList(page)).toContainText('0 of 4 done');
  await expect(setupList(page)).toContainText('OPENAI_API_KEY=sk-... make run');
  await setupList(page).getByRole('radio', { name: 'Anthropic' }).click();
  await expect(setupList(page)).toContainText('ANTHROPIC_API_KEY=sk-ant-... make run');
  await setupList(page).getByRole('button', { name: 'Check again' }).click();
  await expect(setupList(page).getByRole('status')).toHaveText('There is no key yet. Has the server been restarted?');

  await goTo(page, 'Agents');
  await page.getByRole('link', { name: 'Browse templates' }).click();
  await expect(page.getByText('No AI model is connected')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search templates' }).fill('support');
  await page.getByRole('button', { name: /^Customers Support desk|^Support desk/ }).click();
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue('Support desk');
  await ask(preview(page), 'Where is my parcel?');
  await expect(answer(preview(page))).toContainText(/sandbox/i);

  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);
  await ask(page, 'Where is my parcel?');
  await expect(answer(page)).toContainText(/sandbox/i);

  await makeKeyInline(page, 'Support desk');
  const printed = await runSnippet('curl', await shownSnippet(page, 'curl', false));
  expect(JSON.parse(printed)).toMatchObject({ model: 'sandbox/sandbox' });

  await goTo(page, 'Dashboard');
  await expect(setupList(page)).toContainText('2 of 4 done');
  await openRun(page, 'Where is my parcel?');
  await expect(main(page).getByText('Where is my parcel?', { exact: true }).first()).toBeVisible();
  await expect(main(page)).toContainText('This is the built-in Sandbox');
});
