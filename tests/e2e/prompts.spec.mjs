// The prompt library: the list, the editor, and testing a prompt with several models at once.
import { allow, expect, expectReply, test } from './lib/fixtures.mjs';

async function makePrompt(account, more = {}) {
  const { name = 'Reply to an inquiry', text = 'Answer {{customer}} in a {{tone}} tone.', category = 'Support', tags = ['mail'] } = more;
  return expectReply(await account.client.post('/v1/prompts', { name, prompt_text: text, metadata: { ...(category ? { category } : {}), tags } }), 201);
}

async function stored(account, id) {
  return expectReply(await account.client.get(`/v1/prompts/${id}`), 200);
}

/** The editor itself, when it has taken over from what stands in for it. */
function editorOf(page) {
  return page.locator('.cm-content');
}

async function typeAtEnd(page, text) {
  await editorOf(page).click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text);
}

/** Chooses models by their names, beside the one that is chosen already. */
async function addModels(page, ...models) {
  const field = page.getByRole('combobox', { name: 'Models' });
  for (const model of models) {
    await field.fill(model);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: `Remove ${model}` })).toBeVisible();
  }
  await page.keyboard.press('Escape');
}

test('an empty library offers examples, and one of them becomes a saved prompt', async ({ page, account }) => {
  await page.goto('/prompts');
  await expect(page.getByRole('heading', { name: 'Keep your first prompt' })).toBeVisible();
  await page.getByRole('link', { name: /^Minutes of a meeting/ }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Minutes of a meeting');
  await expect(editorOf(page)).toContainText('## Decisions');
  await expect(page.getByRole('button', { name: 'Give participants a test value' })).toBeVisible();
  await expect(page.getByText(/≈ \d+ tokens \(estimate\)/)).toBeVisible();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/prompts\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  const prompt = await stored(account, page.url().split('/').pop());
  expect(prompt).toMatchObject({ name: 'Minutes of a meeting', metadata: { category: 'Work' }, version: 1 });
});

test('a new prompt is written by keyboard alone, and keeps its cursor when it is saved', async ({ page, account }) => {
  await makePrompt(account, { name: 'Another', category: 'Business', tags: ['client', 'legal'] });
  await page.goto('/prompts/new');
  await expect(editorOf(page)).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('Welcome');
  await page.keyboard.press('Tab');
  await page.keyboard.type('bus');
  await expect(page.getByRole('option', { name: /Business/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Category')).toHaveValue('Business');
  await page.keyboard.press('Tab');
  await page.keyboard.type('cli');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('fresh,');
  await page.keyboard.type('typo');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Backspace');
  await expect(page.getByRole('button', { name: 'Remove the tag typo' })).toHaveCount(0);

  await typeAtEnd(page, 'Greet ');
  await page.keyboard.press('Control+s');
  await expect(page).toHaveURL(/\/prompts\/[0-9a-f-]{36}$/);
  await page.keyboard.type('{{name}}.');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  const prompt = await stored(account, page.url().split('/').pop());
  expect(prompt).toMatchObject({ name: 'Welcome', metadata: { category: 'Business', tags: ['client', 'fresh'] }, version: 2 });
  expect(prompt.prompt_text).toBe('Greet {{name}}.');

  // A reload finds the same under the new address.
  await page.reload();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Welcome');
});

test('the list is searched and filtered, and the address says how', async ({ page, account }) => {
  await makePrompt(account, { name: 'Reply to an inquiry', tags: ['mail', 'client'] });
  await makePrompt(account, { name: 'Minutes', category: 'Work', tags: ['notes'], text: 'Summarise the meeting.' });
  await makePrompt(account, { name: null, category: '', tags: [], text: 'Translate this.\nKeep names.' });
  await page.goto('/prompts');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Translate this.', 'Minutes', 'Reply to an inquiry']);

  await page.getByLabel('Search prompts').fill('meeting');
  await expect(page).toHaveURL('/prompts?q=meeting');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Minutes']);
  await page.getByLabel('Search prompts').fill('');
  await page.getByLabel('Category').selectOption('Support');
  await expect(page).toHaveURL('/prompts?category=Support');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Reply to an inquiry']);
  await page.reload();
  await expect(page.getByLabel('Category')).toHaveValue('Support');
  await page.getByLabel('Category').selectOption('');
  await page.getByRole('button', { name: 'Show only prompts tagged notes' }).click();
  await expect(page).toHaveURL('/prompts?tag=notes');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Minutes']);
  await page.getByLabel('Search prompts').fill('nothing has this');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(page).toHaveURL('/prompts');
  await page.getByLabel('Sort by').selectOption('name');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Minutes', 'Reply to an inquiry', 'Translate this.']);

  await page.getByRole('radio', { name: 'Table' }).click();
  await expect(page.getByRole('row', { name: /Minutes/ })).toContainText('notes');
});

test('deleting is undone, and a copy is made', async ({ page, account }) => {
  const prompt = await makePrompt(account);
  await page.goto('/prompts');
  await page.getByRole('button', { name: 'Actions for Reply to an inquiry' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await expect(page.getByRole('link', { name: 'Reply to an inquiry (copy)' })).toBeVisible();

  await page.getByRole('button', { name: 'Actions for Reply to an inquiry', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(page.getByRole('link', { name: 'Reply to an inquiry', exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: 'Reply to an inquiry', exact: true })).toBeVisible();

  // From its own page the way leads back to the list.
  await page.getByRole('link', { name: 'Reply to an inquiry', exact: true }).click();
  await expect(page).toHaveURL(`/prompts/${prompt.id}`);
  await typeAtEnd(page, ' Not saved.');
  await page.getByRole('button', { name: 'Actions for Reply to an inquiry' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(page).toHaveURL('/prompts');
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(page.getByRole('link', { name: 'Reply to an inquiry', exact: true })).toBeVisible();
});

test('a prompt is put to several models side by side', async ({ page, account }) => {
  const prompt = await makePrompt(account);
  await page.goto(`/prompts/${prompt.id}`);
  await expect(editorOf(page)).toBeVisible();
  await addModels(page, 'openai/say-hello-there', 'openai/fault-429');
  await page.getByLabel('customer', { exact: true }).fill('Ada');
  await page.getByLabel('What the user says').fill('Where is **my order**?');
  // What is not saved is tested as well.
  await typeAtEnd(page, ' Be brief.');
  await page.keyboard.press('Control+Enter');

  const answers = page.getByRole('region', { name: 'Answers' });
  await expect(answers.getByRole('group', { name: 'Answer of openai/say-hello-there', exact: true })).toContainText('hello there');
  const failed = answers.getByRole('group', { name: 'Answer of openai/fault-429' });
  await expect(failed).toContainText('upstream_rate_limited');
  await expect(answers.locator('strong', { hasText: 'my order' })).toBeVisible();
  await expect(answers.getByText(/first token/).first()).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'Answers: 2 of 3.' })).toBeAttached();
  await expect(page.getByText('{{tone}} has no value: the model sees it as written.')).toBeVisible();
  await expect(page.getByText('Unsaved changes')).toBeVisible();

  // One of them is asked again, and the others stay.
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect(failed).toContainText('upstream_rate_limited');
  await expect(answers.getByRole('group', { name: 'Answer of openai/say-hello-there', exact: true })).toContainText('hello there');

  await typeAtEnd(page, ' Or briefer.');
  await expect(page.getByText('The prompt has changed since this test.')).toBeVisible();

  // Values stay with the prompt.
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('customer', { exact: true })).toHaveValue('Ada');
  await expect(page.getByRole('button', { name: 'Remove openai/fault-429' })).toBeVisible();
});

test('a test is stopped with Escape, and what has come stays', async ({ page, account }) => {
  const prompt = await makePrompt(account, { text: 'Say what the user says.' });
  await page.goto(`/prompts/${prompt.id}`);
  await expect(editorOf(page)).toBeVisible();
  await page.getByLabel('What the user says').fill('[[text=one%20two%20three%20four fault=silent_midstream]]');
  await page.getByRole('button', { name: 'Run' }).click();
  const answer = page.getByRole('group', { name: 'Answer of openai/echo' });
  await expect(answer).toContainText('one');
  await page.keyboard.press('Escape');
  await expect(answer).toContainText('Stopped');
  await expect(answer).toContainText('one');
  await expect(page.getByRole('button', { name: 'Run' })).toBeEnabled();
});

test('somebody else’s change is not overwritten unseen', async ({ page, account, complaints }) => {
  const prompt = await makePrompt(account);
  await page.goto(`/prompts/${prompt.id}`);
  await typeAtEnd(page, ' Mine.');
  const theirs = (text) => account.client.put(`/v1/prompts/${prompt.id}`, { name: prompt.name, prompt_text: text, metadata: prompt.metadata });
  expectReply(await theirs('Theirs.'), 200);
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Changed by somebody else' });
  await expect(dialog).toContainText('Theirs.');
  await dialog.getByRole('button', { name: 'Overwrite with mine' }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  expect((await stored(account, prompt.id)).prompt_text).toMatch(/Mine\.$/);

  await typeAtEnd(page, ' Again.');
  expectReply(await theirs('Theirs again.'), 200);
  await page.keyboard.press('Control+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Take theirs, drop mine' }).click();
  await expect(editorOf(page)).toHaveText('Theirs again.');
  allow(complaints, /status of 412/);
});

test('a way out asks before changes are lost', async ({ page, account }) => {
  const prompt = await makePrompt(account);
  await page.goto(`/prompts/${prompt.id}`);
  await typeAtEnd(page, ' Changed.');
  await page.getByRole('link', { name: 'All prompts' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Stay' }).first().click();
  await expect(page).toHaveURL(`/prompts/${prompt.id}`);

  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  await dialog.getByRole('button', { name: 'Save and leave' }).click();
  await expect(page).toHaveURL('/runs');
  expect((await stored(account, prompt.id)).prompt_text).toMatch(/Changed\.$/);

  // Back cannot be asked; what was written is there when one returns.
  await page.goto(`/prompts`);
  await page.getByRole('link', { name: 'Reply to an inquiry' }).click();
  await typeAtEnd(page, ' Kept.');
  await page.goBack();
  await page.getByRole('link', { name: 'Reply to an inquiry' }).click();
  await expect(page.getByText('Unsaved changes')).toBeVisible();
  await expect(editorOf(page)).toContainText('Changed. Kept.');
  await page.getByRole('link', { name: 'All prompts' }).click();
  await dialog.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page).toHaveURL('/prompts');
  expect((await stored(account, prompt.id)).prompt_text).toMatch(/Changed\.$/);
});

test('a prompt that is not there says so', async ({ page, account, complaints }) => {
  expect(account).toBeTruthy();
  await page.goto('/prompts/01890000-0000-7000-8000-000000000000');
  await expect(page.getByRole('heading', { name: 'There is no such prompt' })).toBeVisible();
  await page.getByRole('link', { name: 'All prompts' }).click();
  await expect(page).toHaveURL('/prompts');
  allow(complaints, /status of 404/);
});

test('the command menu finds a prompt by its name', async ({ page, account }) => {
  await makePrompt(account, { name: 'Quarterly letter', text: 'Write to the shareholders.' });
  await page.goto('/prompts');
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search or jump to…').fill('shareholders');
  await page.getByRole('option', { name: 'Quarterly letter' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Quarterly letter');
});

test('a phone shows one side at a time, without scrolling sideways', async ({ page, account }) => {
  const prompt = await makePrompt(account);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`/prompts/${prompt.id}`);
  await expect(editorOf(page)).toBeVisible();
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.getByRole('button', { name: 'Give tone a test value' }).click();
  await expect(page).toHaveURL(`/prompts/${prompt.id}?view=test`);
  await expect(page.getByLabel('tone', { exact: true })).toBeFocused();
  await expect(editorOf(page)).toBeHidden();
  await page.getByRole('button', { name: 'Run' }).click();
  await expect(page.getByRole('link', { name: 'Run details' })).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
});
