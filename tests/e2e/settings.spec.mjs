// Settings: one's own account, how the app looks, keys for programs, and whether the providers answer.
import { PASSWORD } from '../lib/world.mjs';
import { allow, Client, expect, expectReply, makeAgent, signIn, test, watch } from './lib/fixtures.mjs';
import { runSnippet } from './lib/snippets.mjs';

const main = (page) => page.getByRole('main');
const toast = (page) => page.getByRole('region', { name: /^Notifications/ });

test('a name is changed, everywhere at once', async ({ page, account }) => {
  await page.goto('/settings');
  await expect(page.getByRole('button', { name: 'Save profile' })).toBeDisabled();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada King');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(toast(page)).toContainText('Profile saved');
  await page.getByRole('button', { name: 'Account' }).click();
  await expect(page.getByRole('menu')).toContainText('Ada King');
  expect(expectReply(await account.client.get('/v1/auth/me'), 200).name).toBe('Ada King');
});

test('a new password ends the other sessions and keeps this one', async ({ page, account, browser, origin, world, complaints }) => {
  const next = 'another horse battery staple';
  const elsewhere = await world.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD });
  expectReply(elsewhere, 200);
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, { reply: elsewhere }, origin);
  const other = await context.newPage();
  const heard = watch(other, origin);
  await other.goto('/settings');
  await expect(other.getByRole('heading', { name: 'Settings' })).toBeVisible();

  await page.goto('/settings?tab=security');
  await page.getByLabel('Current password').fill('not the password');
  await page.getByLabel('New password').fill(next);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByLabel('Current password')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(toast(page)).toContainText('Password changed. Other devices are signed out.');
  await expect(page.getByLabel('New password')).toHaveValue('');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();

  await other.reload();
  await expect(other).toHaveURL(/\/login\?next=/);
  await other.getByLabel('E-mail').fill(account.email);
  await other.getByLabel('Password', { exact: true }).fill(next);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await expect(other).toHaveURL('/settings');
  allow(heard, /status of 401/);
  expect(heard, 'complaints of the other browser').toEqual([]);
  await context.close();
  allow(complaints, /status of 422/);
});

test('a key is shown once, works in a program, and is refused when it is revoked', async ({ page, account: _signedIn, origin }) => {
  await page.goto('/settings?tab=keys');
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible();
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByText('Give the key a name.')).toBeVisible();
  await dialog.getByLabel('Name').fill('Nightly export');
  await dialog.getByLabel('What it may do').selectOption('Run agents and read what they answered');
  await dialog.getByLabel('Expires').selectOption('In 30 days');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const shown = page.getByRole('dialog', { name: 'Copy your key now' });
  const secret = await shown.getByText(/^agk_/).textContent();
  await shown.getByRole('button', { name: 'I have copied it' }).click();

  const row = page.getByRole('list', { name: 'API keys' }).getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Nightly export' }) });
  await expect(row).toContainText('3 permissions');
  await expect(row).toContainText('Not used yet');
  await expect(page.getByText(secret)).toHaveCount(0);
  const command = `curl -s -o /dev/null -w '%{http_code}' ${origin}/v1/agents -H 'Authorization: Bearer ${secret}'`;
  expect(await runSnippet('curl', command)).toBe('200');
  expect((await new Client(origin).as({ token: secret }).post('/v1/prompts', { prompt_text: 'Hello' })).status).toBe(403);
  await page.reload();
  await expect(row).not.toContainText('Not used yet');
  await expect(page.getByText(secret)).toHaveCount(0);

  await row.getByRole('button', { name: 'Revoke' }).click();
  const sure = page.getByRole('dialog', { name: 'Revoke “Nightly export”?' });
  await sure.getByRole('button', { name: 'Cancel' }).click();
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await sure.getByRole('button', { name: 'Revoke' }).click();
  await expect(toast(page)).toContainText('“Nightly export” is revoked');
  await expect(row).toHaveCount(0);
  expect(await runSnippet('curl', command)).toBe('401');
});

test('a key is made for what is chosen, and changed later', async ({ page, account, origin }) => {
  const desk = await makeAgent(account, { name: 'Returns desk' });
  const other = await makeAgent(account, { name: 'Sales desk' });
  await page.goto('/settings?tab=keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await dialog.getByLabel('Name').fill('Shop widget');
  await dialog.getByLabel('What it may do').selectOption('Choose permissions');
  await dialog.getByRole('radio', { name: 'Only some' }).click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByText('Choose at least one permission.')).toBeVisible();
  await dialog.getByRole('checkbox', { name: 'Run agents and test prompts' }).click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByText('Choose at least one agent.')).toBeVisible();
  await dialog.getByRole('searchbox', { name: 'Search agents' }).fill('returns');
  await expect(dialog.getByRole('checkbox', { name: 'Sales desk' })).toHaveCount(0);
  await dialog.getByRole('checkbox', { name: 'Returns desk' }).click();
  await expect(dialog.getByRole('status')).toHaveText('1 chosen');
  await dialog.getByLabel('Requests a minute').fill('0');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await expect(dialog.getByText('Enter a number from 1 to 100,000.')).toBeVisible();
  await dialog.getByLabel('Requests a minute').fill('30');
  await dialog.getByLabel('Expires').selectOption('Never');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const secret = await page.getByTestId('new-key').textContent();
  await page.getByRole('button', { name: 'I have copied it' }).click();

  const row = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Shop widget' }) });
  await expect(row).toContainText('1 permission');
  await expect(row).toContainText('1 agent only');
  await expect(row).toContainText('30 a minute');
  await row.getByRole('button', { name: 'Details' }).click();
  await expect(row).toContainText('Run agents and test prompts');
  await expect(row).toContainText('Returns desk');
  const program = new Client(origin).as({ token: secret });
  expectReply(await program.post('/v1/ai/generate', { agent_id: desk.id, input_text: 'Hello' }), 200);
  expect((await program.post('/v1/ai/generate', { agent_id: other.id, input_text: 'Hello' })).status).toBeGreaterThanOrEqual(403);
  program.close();

  await row.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit “Shop widget”' });
  await edit.getByLabel('Name').fill('Shop widget 2');
  await edit.getByLabel('Requests a minute').fill('');
  await edit.getByLabel('Expires').selectOption('In 7 days');
  await edit.getByRole('radio', { name: 'All agents' }).click();
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(toast(page)).toContainText('“Shop widget 2” is saved');
  const changed = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Shop widget 2' }) });
  await expect(changed).not.toContainText('30 a minute');
  const [key] = expectReply(await account.client.get('/v1/api-keys'), 200).data;
  expect(key).toMatchObject({ name: 'Shop widget 2', scopes: ['ai:run'], agent_ids: [], requests_per_minute: null });
  expect(key.expires_at).not.toBeNull();
});

test('a provider is tested, and says why it does not answer', async ({ page, account, world }) => {
  await page.goto('/settings?tab=models');
  const provider = (title) => main(page).getByRole('heading', { name: title, exact: true }).locator('xpath=ancestor::*[.//button][1]');
  const openai = provider('OpenAI');
  await openai.getByRole('button', { name: 'Test' }).click();
  await expect(openai.getByRole('status')).toContainText('echo answered in');
  await expect(openai.getByRole('status')).toContainText('first token after');
  world.fake.script('echo', { fault: 'status', status: 401 });
  await openai.getByRole('button', { name: 'Test again' }).click();
  await expect(openai.getByRole('status')).toContainText('The test failed');
  const sandbox = provider('Sandbox (built in, not an AI model)');
  await sandbox.getByRole('button', { name: 'Test' }).click();
  await expect(sandbox.getByRole('status')).toContainText('answered in');
  const runs = expectReply(await account.client.get('/v1/runs?kind=test'), 200).data;
  expect(runs.map(({ status }) => status).sort()).toEqual(['completed', 'completed', 'failed']);
});

test('theme, accent and language change at once and stay', async ({ page, account: _signedIn }) => {
  await page.goto('/settings?tab=appearance');
  const html = page.locator('html');
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect(html).toHaveClass(/dark/);
  await page.getByRole('radio', { name: 'Teal' }).click();
  await expect(html).toHaveAttribute('data-accent', 'teal');
  await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(html).toHaveAttribute('lang', 'de');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(html).toHaveClass(/dark/);
  await expect(html).toHaveAttribute('data-accent', 'teal');
  await page.getByRole('combobox', { name: 'Sprache' }).selectOption('العربية');
  await expect(html).toHaveAttribute('dir', 'rtl');
  await page.getByRole('combobox').selectOption('English');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await expect(html).toHaveAttribute('dir', 'ltr');
  await page.getByRole('radio', { name: 'Light' }).click();
  await expect(html).not.toHaveClass(/dark/);
});
