// Working with others: organisations, who is in them, and what their roles allow.
import { register, unique } from '../lib/world.mjs';
import { allow, expect, expectReply, makeAgent, signIn, test, watch } from './lib/fixtures.mjs';
import { found, join } from './lib/seed.mjs';

const main = (page) => page.getByRole('main');
const toast = (page) => page.getByRole('region', { name: /^Notifications/ });
const switcher = (page, name) => page.getByRole('button', { name: `Organisation: ${name}. Switch` });
const row = (page, name) => main(page).getByRole('listitem').filter({ hasText: name });

/** Acts in another organisation by the menu in the sidebar. */
async function switchTo(page, from, to) {
  await switcher(page, from).click();
  await page.getByRole('menuitemradio', { name: new RegExp(`^${to}`) }).click();
  await expect(switcher(page, to)).toBeVisible();
}

/** Another account in a browser of its own. */
async function open({ browser, origin }, account) {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, account, origin);
  const page = await context.newPage();
  return { page, complaints: watch(page, origin), close: () => context.close() };
}

test('a prompt begun in one organisation is not in the next', async ({ page, account }) => {
  await found(account, 'Acme');
  await page.goto('/prompts');
  const begin = () => main(page).getByRole('link', { name: 'New prompt' }).first().click();
  const name = page.getByLabel('Name', { exact: true });
  const input = page.getByLabel('What the user says');
  await begin();
  await name.fill('Of Acme alone');
  await input.fill('What is tried out at Acme');
  await page.goBack();
  await begin();
  await expect(name).toHaveValue('Of Acme alone');
  await expect(input).toHaveValue('What is tried out at Acme');
  await page.goBack();
  await switchTo(page, 'Acme', 'Ada Lovelace');
  await begin();
  await expect(name).toHaveValue('');
  await expect(input).toHaveValue('');
});

test('an organisation is made, and somebody invited into it comes', async ({ page, account, world, browser, origin }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  await page.goto('/agents');
  await switcher(page, 'Ada Lovelace').click();
  await page.getByRole('menuitem', { name: 'New organisation' }).click();
  const dialog = page.getByRole('dialog', { name: 'New organisation' });
  await dialog.getByRole('button', { name: 'Create organisation' }).click();
  await expect(dialog.getByText('Give it a name.')).toBeVisible();
  await dialog.getByLabel('Name').fill('Acme');
  await dialog.getByRole('button', { name: 'Create organisation' }).click();
  await expect(page).toHaveURL('/organization?tab=members');
  await expect(switcher(page, 'Acme')).toContainText('Owner');

  await page.getByRole('button', { name: 'Invite' }).click();
  const invite = page.getByRole('dialog', { name: 'Invite somebody' });
  await invite.getByLabel('E-mail').fill('nobody');
  await invite.getByRole('button', { name: 'Invite' }).click();
  await expect(invite.getByText('Enter an e-mail address')).toBeVisible();
  await invite.getByLabel('E-mail').fill(grace.email);
  await invite.getByLabel('Role', { exact: true }).selectOption('Viewer');
  await expect(invite.getByText('Sees everything and changes nothing')).toBeVisible();
  await invite.getByRole('button', { name: 'Invite' }).click();
  const invited = page.getByRole('dialog', { name: `${grace.email} is invited` });
  await expect(invited).toContainText('This server sends no mail');
  const link = await invited.getByTestId('invitation-link').textContent();
  await invited.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, grace.email)).toContainText('Invited by Ada Lovelace');
  expectReply(await grace.client.post('/v1/invitations/accept', { token: new URL(link).hash.slice('#token='.length) }), 200);
  await page.reload();
  await expect(row(page, 'Grace Hopper').getByRole('combobox')).toHaveValue('viewer');
  await expect(main(page).getByText('Open invitations')).toHaveCount(0);

  // She sees what a viewer sees, and is offered nothing else.
  await makeAgent(account, { name: 'Shared desk' });
  const hers = await open({ browser, origin }, grace);
  await hers.page.goto('/agents');
  await switchTo(hers.page, 'Grace Hopper', 'Acme');
  await expect(main(hers.page).getByRole('heading', { name: 'Shared desk' })).toBeVisible();
  await expect(hers.page.getByRole('link', { name: 'New agent' })).toHaveCount(0);
  await hers.page.goto('/organization?tab=members');
  await expect(row(hers.page, 'Ada Lovelace')).toBeVisible();
  await expect(hers.page.getByRole('button', { name: 'Invite' })).toHaveCount(0);
  await expect(main(hers.page).getByRole('combobox')).toHaveCount(0);

  // Removed, she is where she began, at the next look.
  await row(page, 'Grace Hopper').getByRole('button', { name: 'Remove Grace Hopper' }).click();
  await page.getByRole('dialog', { name: 'Remove Grace Hopper?' }).getByRole('button', { name: 'Remove' }).click();
  await expect(toast(page)).toContainText('Grace Hopper is removed');
  await expect(row(page, 'Grace Hopper')).toHaveCount(0);
  await hers.page.reload();
  await expect(switcher(hers.page, 'Grace Hopper')).toContainText('Personal');
  expect(hers.complaints, 'complaints of the other browser').toEqual([]);
  await hers.close();
});

test('everything comes from the organisation one works in, in every tab', async ({ page, account, context, origin }) => {
  const own = await makeAgent(account, { name: 'My own desk' });
  await found(account, 'Acme');
  await makeAgent(account, { name: 'Desk of all' });
  const second = await context.newPage();
  const heard = watch(second, origin);
  const agents = (at) => main(at).getByRole('heading', { level: 2 });
  await second.goto('/agents?q=desk');
  await page.goto('/agents');
  await expect(agents(page)).toHaveText(['Desk of all']);
  await expect(agents(second)).toHaveText(['Desk of all']);

  await switchTo(page, 'Acme', 'Ada Lovelace');
  await expect(toast(page)).toContainText('You now work in Ada Lovelace');
  await expect(agents(page)).toHaveText(['My own desk']);
  await expect(agents(second)).toHaveText(['My own desk']);
  await expect(second).toHaveURL('/agents');

  // What stands in one organisation alone is left for the list that it was in; ⌘K knows the way, too.
  await page.goto(`/agents/${own.id}?tab=configuration`);
  await expect(page.getByRole('heading', { name: 'My own desk' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search or jump to…').fill('switch to acme');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/agents');
  await expect(agents(page)).toHaveText(['Desk of all']);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await expect(page.getByRole('heading', { name: 'Acme', level: 1 })).toBeVisible();
  expect(heard, 'complaints of the other tab').toEqual([]);
});

test('a role is given, and the toast takes it back', async ({ page, account, world }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  await found(account, 'Acme');
  await join(account, grace, { role: 'member' });
  const roleOf = async () => expectReply(await account.client.get('/v1/members?q=grace'), 200).data[0].role;
  await page.goto('/organization?tab=members');
  await page.getByRole('searchbox', { name: 'Search members' }).fill('grace');
  await expect(page).toHaveURL('/organization?tab=members&q=grace');
  await expect(row(page, 'Ada Lovelace')).toHaveCount(0);
  await page.getByRole('combobox', { name: 'Role of Grace Hopper' }).selectOption('Manager');
  await expect(toast(page)).toContainText('Grace Hopper is now: Manager');
  expect(await roleOf()).toBe('manager');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('combobox', { name: 'Role of Grace Hopper' })).toHaveValue('member');
  expect(await roleOf()).toBe('member');
});

test('a role of one’s own is made in the grid, and nothing ticked is lost unseen', async ({ page, account }) => {
  await found(account, 'Acme');
  await page.goto('/organization?tab=roles');
  await page.getByRole('button', { name: 'New role' }).click();
  const dialog = page.getByRole('dialog', { name: 'New role' });
  await dialog.getByLabel('Name').fill('Auditor');
  await dialog.getByLabel('Begin with the permissions of').selectOption('No role');
  await dialog.getByRole('button', { name: 'New role' }).click();
  await expect(toast(page)).toContainText('“Auditor” is created');
  const box = (name) => page.getByRole('table').getByRole('checkbox', { name: `Auditor: ${name}` });
  await expect(box('See one\'s own account')).toBeDisabled();
  await box('See, export and verify the audit log').click();
  await box('See runs and what they cost').click();
  await box('See runs and what they cost').click();
  await expect(page.getByRole('status').filter({ hasText: '1 role changed' })).toBeVisible();

  await page.getByRole('tab', { name: 'Members' }).click();
  const leave = page.getByRole('dialog', { name: 'Leave without saving?' });
  await leave.getByRole('button', { name: 'Stay' }).click();
  await expect(box('See, export and verify the audit log')).toBeChecked();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(toast(page)).toContainText('1 role saved');
  const auditor = async () => expectReply(await account.client.get('/v1/roles'), 200).data.find(({ name }) => name === 'Auditor');
  expect((await auditor()).permissions).toEqual(['account:read', 'account:write', 'activity:read']);
  await page.reload();
  await expect(box('See, export and verify the audit log')).toBeChecked();

  await page.getByRole('table').getByRole('button', { name: 'Actions for the role Auditor' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(toast(page)).toContainText('The role “Auditor” is deleted');
  await expect(page.getByRole('columnheader', { name: /Auditor/ })).toHaveCount(0);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('columnheader', { name: /Auditor/ })).toBeVisible();
  expect((await auditor()).permissions).toContain('activity:read');
});

test('the last owner stays, hands over, and then may leave', async ({ page, account, world, complaints }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  await found(account, unique('Acme'));
  await join(account, grace, { role: 'member' });
  await page.goto('/organization');
  await page.getByLabel('Name').fill('Acme & Daughters');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(switcher(page, 'Acme & Daughters')).toBeVisible();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('dialog', { name: 'Leave “Acme & Daughters”?' }).getByRole('button', { name: 'Leave' }).click();
  // Behind an open dialog the list of toasts is hidden from roles; it is announced all the same.
  await expect(page.getByText('That did not work').first()).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

  await page.getByRole('button', { name: 'Hand over' }).click();
  const transfer = page.getByRole('dialog', { name: 'Hand over “Acme & Daughters”?' });
  await expect(transfer.getByRole('button', { name: 'Hand over' })).toBeDisabled();
  await transfer.getByLabel('New owner').selectOption(grace.user.id);
  await transfer.getByRole('button', { name: 'Hand over' }).click();
  await expect(toast(page)).toContainText('Grace Hopper is the owner now');
  await expect(switcher(page, 'Acme & Daughters')).toContainText('Administrator');
  await expect(page.getByRole('button', { name: 'Delete' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await expect(switcher(page, 'Ada Lovelace')).toContainText('Personal');
  await expect(page.getByRole('heading', { name: 'This organisation is yours alone' })).toBeVisible();
  allow(complaints, /status of 409/);
});

test('deleting wants the name typed', async ({ page, account }) => {
  await found(account, 'Acme');
  await page.goto('/organization');
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete “Acme”?' });
  await dialog.getByLabel('Type “Acme” to confirm').fill('acme');
  await expect(dialog.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await dialog.getByLabel('Type “Acme” to confirm').fill('Acme');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(switcher(page, 'Ada Lovelace')).toContainText('Personal');
  await expect(toast(page)).toContainText('“Acme” is deleted');
  expect(expectReply(await account.client.get('/v1/orgs'), 200).data.map(({ name }) => name)).toEqual(['Ada Lovelace']);
});
