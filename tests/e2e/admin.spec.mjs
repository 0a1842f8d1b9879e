// The administration of the server, and the audit logs: the organisation's and the server's own.
import { readFileSync } from 'node:fs';

import { organisationOf, PASSWORD, register, unique, World } from '../lib/world.mjs';
import { allow, expect, expectReply, makeAgent, PAGES, signIn, test as base, watch } from './lib/fixtures.mjs';

// Settings hold for a whole server, so these tests have one to themselves.
const test = base.extend({
  world: [async ({}, use) => {
    const world = await new World({ accounts: false, env: PAGES }).open();
    world.admin = await register(world.anonymous, { name: 'First Admin' });
    await use(world);
    await world.close();
  }, { scope: 'worker' }],

  /** The test's browser is the administrator's. */
  admin: async ({ world, context, origin }, use) => {
    await signIn(context, world.admin, origin);
    await use(world.admin);
  },
});

const main = (page) => page.getByRole('main');
const toast = (page) => page.getByRole('region', { name: /^Notifications/ });
const row = (page, text) => main(page).getByRole('listitem').filter({ hasText: text });
const undo = (page) => toast(page).getByRole('button', { name: 'Undo' }).last().click();

/** Does something to an account by its row's menu. */
async function act(page, name, item) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

test('who administers nothing is led nowhere', async ({ page, account: _signedIn }) => {
  await page.goto('/admin');
  await expect(main(page).getByRole('heading', { name: 'This is for administrators of the server' })).toBeVisible();
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Audit log' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Administration' })).toHaveCount(0);
});

test('an account is suspended, refused at once, and let in again', async ({ page, admin: _admin, world }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  const login = () => world.anonymous.post('/v1/auth/login', { email: grace.email, password: PASSWORD });
  await page.goto('/agents');
  await page.getByRole('navigation').getByRole('link', { name: 'Administration' }).click();
  await expect(row(page, 'First Admin')).toContainText('You');
  await page.getByRole('searchbox', { name: 'Search users' }).fill(grace.email);
  await expect(row(page, 'First Admin')).toHaveCount(0);
  await expect(page).toHaveURL(`/admin?q=${encodeURIComponent(grace.email)}`);
  await act(page, 'Grace Hopper', 'Suspend');
  await expect(toast(page)).toContainText('Grace Hopper is suspended');
  await expect(row(page, grace.email)).toContainText('Suspended');
  expect((await grace.client.get('/v1/auth/me')).status).not.toBe(200);
  expect((await login()).status).not.toBe(200);
  await page.getByRole('combobox', { name: 'State' }).selectOption('Active');
  await expect(main(page).getByRole('heading', { name: 'No such account' })).toBeVisible();
  await page.getByRole('combobox', { name: 'State' }).selectOption('Suspended');
  await act(page, 'Grace Hopper', 'Resume');
  await expect(toast(page)).toContainText('Grace Hopper may work again');
  expectReply(await login(), 200);
});

test('an administrator is made, and the toast takes it back', async ({ page, admin, world }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  const role = async () => expectReply(await admin.client.get(`/v1/admin/users/${grace.user.id}`), 200).role;
  await page.goto(`/admin?q=${encodeURIComponent(grace.email)}`);
  await act(page, 'Grace Hopper', 'Make administrator');
  await expect(row(page, grace.email)).toContainText('Administrator');
  expect(await role()).toBe('admin');
  await undo(page);
  await expect(toast(page)).toContainText('Grace Hopper is no longer an administrator');
  expect(await role()).toBe('user');
});

test('an account is signed out, sent a reset, and deleted by its address', async ({ page, admin: _admin, world, complaints }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  const alan = await register(world.anonymous, { name: 'Alan Turing' });
  const org = await organisationOf(grace, [alan, 'member']);
  await page.goto(`/admin?q=${encodeURIComponent(grace.email)}`);
  await act(page, 'Grace Hopper', 'Send a password reset');
  await expect(toast(page)).toContainText('Grace Hopper gets a link that sets a new password');
  await act(page, 'Grace Hopper', 'Delete account');
  const dialog = page.getByRole('dialog', { name: 'Delete the account of Grace Hopper?' });
  const button = dialog.getByRole('button', { name: 'Delete account' });
  await expect(button).toBeDisabled();
  await dialog.getByRole('textbox').fill(grace.email);
  // She is the last owner of an organisation of two: why not, in words.
  await button.click();
  await expect(dialog.getByRole('alert')).toContainText(org.name);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expectReply(await grace.client.post('/v1/org/transfer', { user_id: alan.user.id }), 204);
  await act(page, 'Grace Hopper', 'Sign out everywhere');
  await page.getByRole('dialog', { name: 'Sign Grace Hopper out everywhere?' }).getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(toast(page)).toContainText('Grace Hopper is signed out everywhere');
  expect((await grace.client.get('/v1/auth/me')).status).toBe(401);
  await act(page, 'Grace Hopper', 'Delete account');
  await dialog.getByRole('textbox').fill(grace.email);
  await button.click();
  await expect(toast(page)).toContainText('The account of Grace Hopper is deleted');
  await expect(main(page).getByRole('heading', { name: 'No such account' })).toBeVisible();
  allow(complaints, /status of 409/);
});

test('a plan and a limit of its own are in force at once', async ({ browser }) => {
  const world = await new World({ accounts: false, env: { ...PAGES, AGENTGEN_RATE_LIMITS: 'true' } }).open();
  const origin = `http://localhost:${world.server.port}`;
  const admin = await register(world.anonymous, { name: 'First Admin' });
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  const limit = async () => (await grace.client.get('/v1/agents')).headers['ratelimit-limit'];
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, admin, origin);
  const page = await context.newPage();
  const complaints = watch(page, origin);
  await page.goto('/admin?tab=orgs');
  await page.getByRole('searchbox', { name: 'Search organisations' }).fill(grace.email);
  await expect(main(page).getByRole('listitem')).toHaveCount(1);
  expect(await limit()).toBe('50');
  await page.getByRole('combobox', { name: /^Plan of / }).selectOption('Premium');
  await expect(toast(page)).toContainText('has the plan “Premium” now');
  expect(await limit()).toBe('500');
  await page.getByRole('button', { name: /^Limit of / }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Requests a minute').fill('many');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByLabel('Requests a minute')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Requests a minute').fill('75');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: /^Limit of .*75 a minute$/ })).toBeVisible();
  expect(await limit()).toBe('75');
  await undo(page);
  await expect(page.getByRole('button', { name: /^Limit of .*The plan’s limit$/ })).toBeVisible();
  expect(await limit()).toBe('500');
  expect(complaints, 'complaints of the browser').toEqual([]);
  await context.close();
  await world.close();
});

test('settings are saved and taken back', async ({ page, admin, world }) => {
  const settings = async () => expectReply(await admin.client.get('/v1/admin/settings'), 200);
  const before = await settings();
  await page.goto('/admin?tab=settings');
  const save = page.getByRole('button', { name: 'Save settings' });
  await expect(save).toBeDisabled();
  await page.getByLabel('Registration').selectOption('invited');
  await page.getByLabel('Free plan, each member').fill('0');
  await save.click();
  await expect(main(page).getByText('Enter a whole number from 1 to 100,000,000.')).toBeVisible();
  expect(await settings()).toEqual(before);
  await page.getByLabel('Free plan, each member').fill('60');
  await expect(main(page).getByText('Not saved: 2')).toBeVisible();
  await save.click();
  await expect(toast(page)).toContainText('The settings are saved and in force');
  await expect(main(page).getByText('All saved')).toBeVisible();
  expect(await settings()).toEqual({ ...before, registration: 'invited', free_per_minute: 60 });
  expect((await world.anonymous.post('/v1/auth/register', { name: 'Late', email: `${unique('late')}@mail.test`, password: PASSWORD })).status).not.toBe(201);
  await undo(page);
  await expect(toast(page)).toContainText('The settings are as they were');
  await expect(page.getByLabel('Registration')).toHaveValue('open');
  expect(await settings()).toEqual(before);
  await page.getByLabel('Blocked for (seconds)').fill('7200');
  await expect(main(page).getByText(/now 2h/)).toBeVisible();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page.getByLabel('Blocked for (seconds)')).toHaveValue(String(before.login_block_s));
});

test('an address is blocked, and the block is lifted', async ({ page, admin: _admin, complaints }) => {
  await page.goto('/admin');
  await page.getByRole('tab', { name: 'Blocked' }).click();
  await expect(page).toHaveURL('/admin?tab=blocks');
  await expect(main(page).getByRole('heading', { name: 'Nobody is blocked' })).toBeVisible();
  await page.getByRole('button', { name: 'Block an address' }).click();
  const dialog = page.getByRole('dialog', { name: 'Block an address' });
  await dialog.getByLabel('Address').fill('not an address');
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(dialog.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Address').fill('192.0.2.7');
  await dialog.getByLabel('For how long').selectOption('1 day');
  await dialog.getByLabel('Reason').fill('Scans us');
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(row(page, '192.0.2.7')).toContainText('Scans us');
  await expect(row(page, '192.0.2.7')).toContainText('By First Admin');
  await page.getByRole('button', { name: 'Lift the block of 192.0.2.7' }).click();
  await expect(toast(page)).toContainText('192.0.2.7 is not blocked any more');
  await expect(main(page).getByRole('heading', { name: 'Nobody is blocked' })).toBeVisible();
  await undo(page);
  await expect(row(page, '192.0.2.7')).toContainText('Scans us');

  // All of it stands in the server's own log.
  await page.getByRole('tab', { name: 'Server log' }).click();
  await page.getByRole('combobox', { name: 'Action' }).selectOption('Blocks');
  await expect(page).toHaveURL('/admin?tab=log&action=block');
  await expect(row(page, 'Lifted a block')).toContainText('127.0.0.1');
  await row(page, 'Lifted a block').getByRole('button', { expanded: false }).click();
  await expect(row(page, 'Lifted a block')).toContainText('block.lifted');
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(main(page).getByRole('heading', { name: 'The log is as it was written' })).toBeVisible();
  allow(complaints, /status of 422/);
});

test('the audit log is searched, verified and taken along', async ({ page, account, world, browser, origin }) => {
  const agent = await makeAgent(account, { name: 'Audited' });
  await page.goto('/activity');
  await expect(row(page, 'Created an agent')).toContainText('Access token');
  await page.getByRole('combobox', { name: 'Action' }).selectOption('Agents');
  await expect(page).toHaveURL('/activity?action=agent');
  await expect(main(page).getByRole('listitem')).toHaveCount(1);
  await row(page, 'Created an agent').getByRole('button', { expanded: false }).click();
  await expect(row(page, 'Created an agent')).toContainText(agent.id);
  await row(page, 'Created an agent').getByRole('button', { name: 'Only this person' }).click();
  await expect(page).toHaveURL(`/activity?action=agent&who=${account.user.id}`);
  await expect(page.getByRole('combobox', { name: 'Who' })).toHaveValue(account.user.id);

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'NDJSON, one object a line' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^activity-.*\.ndjson$/);
  const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  expect(lines.map(({ action }) => action)).toEqual(['agent.created']);

  await page.getByRole('button', { name: 'Verify' }).click();
  const result = main(page).getByRole('status').filter({ has: page.getByRole('heading') });
  await expect(result.getByRole('heading', { name: 'The log is as it was written' })).toBeVisible();
  await expect(result).toContainText(/Verified entries: \d/);
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('zeppelin');
  await expect(main(page).getByRole('heading', { name: 'No entry fits the filters' })).toBeVisible();
  await main(page).getByRole('heading', { name: 'No entry fits the filters' }).locator('..').locator('..').getByRole('button', { name: 'Clear filters' }).click();
  await expect(row(page, 'Exported the audit log')).toBeVisible();
  await page.getByLabel('To', { exact: true }).fill('2020-01-01');
  await expect(page).toHaveURL('/activity?to=2020-01-01');
  await expect(main(page).getByRole('listitem')).toHaveCount(0);

  // Not for everybody.
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  await organisationOf(account, [grace, 'viewer']);
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, grace, origin);
  const hers = await context.newPage();
  const heard = watch(hers, origin);
  await hers.goto('/activity');
  await expect(main(hers).getByRole('heading', { name: 'You may not see this' })).toBeVisible();
  await expect(hers.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  expect(heard, 'complaints of the other browser').toEqual([]);
  await context.close();
});

test('a log that was changed behind the server’s back is found out', async ({ page, account: _signedIn }) => {
  await page.route('**/v1/activity/verify', (route) => route.fulfill({ json: {
    ok: false, entries: 5, verified: 2, before_chain: 0, head: { seq: 5, hash: 'ab'.repeat(32) }, first_bad: { seq: 3, id: null, reason: 'missing' },
  } }));
  await page.goto('/activity');
  await page.getByRole('button', { name: 'Verify' }).click();
  const result = main(page).getByRole('status').filter({ has: page.getByRole('heading') });
  await expect(result).toContainText('The log is not as it was written');
  await expect(result).toContainText('Entries that are right: 2 of 5');
  await expect(result).toContainText('Number in the chain');
  await expect(result).toContainText('It was removed.');
});
