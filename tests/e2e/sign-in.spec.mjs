import { PASSWORD, register, unique } from '../lib/world.mjs';
import { allow, Client, expect, expectReply, PAGES, test } from './lib/fixtures.mjs';

test('an account is made, signed out of and signed in to again', async ({ page }) => {
  const email = `${unique('grace')}@mail.test`;
  await page.goto('/register');
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await expect(page.getByRole('meter', { name: 'Password strength' })).toHaveAttribute('aria-valuetext', 'Strong');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/');

  await page.getByRole('button', { name: 'Account' }).click();
  await expect(page.getByText(email)).toBeVisible();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/login');

  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/');
});

test('mistakes stand at their fields, and nothing typed is lost', async ({ page }) => {
  await page.goto('/register');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('Enter your name.')).toBeVisible();
  await expect(page.getByText('Enter an e-mail address')).toBeVisible();
  await expect(page.getByText('Use 8 characters at least.')).toBeVisible();
  await expect(page.getByLabel('Name')).toBeFocused();
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('E-mail').fill('grace@');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name')).toHaveValue('Grace Hopper');
});

test('what the server refuses is told where it belongs', async ({ page, account, context, complaints }) => {
  await context.clearCookies();
  await page.goto('/register');
  await page.getByLabel('Name').fill('Somebody Else');
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('There is an account with this e-mail')).toBeVisible();
  await page.getByLabel('E-mail').fill(`${unique('common')}@mail.test`);
  await page.getByLabel('Password', { exact: true }).fill('password1');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  allow(complaints, /status of (409|422)/);
});

test('a wrong password is told without saying which of the two was wrong', async ({ page, account, context }) => {
  await context.clearCookies();
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('main').getByRole('alert')).toContainText('The e-mail or the password is wrong.');
  await expect(page.getByLabel('E-mail')).toHaveValue(account.email);
});

test('a page without a session leads to the door and back', async ({ page, account, context }) => {
  await context.clearCookies();
  await page.goto('/settings?tab=keys');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/settings?tab=keys');
});

for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
  test(`a crafted ?next=${next} leads nowhere else`, async ({ page, account, context, origin }) => {
    await context.clearCookies();
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(`${origin}/`);
  });
}

for (const [id, name] of [['google', 'Google'], ['github', 'GitHub'], ['oidc', 'Example Corp']]) {
  test(`${name} signs in, and leads to where one wanted to be`, async ({ page, world, complaints }) => {
    world.identity[id].reset();
    await page.goto('/login?next=%2Fsettings%3Ftab%3Dappearance');
    await page.getByRole('link', { name: `Continue with ${name}` }).click();
    await expect(page).toHaveURL('/settings?tab=appearance');
    await page.getByRole('button', { name: 'Account' }).click();
    await expect(page.getByRole('menu')).toContainText(world.identity[id].email ?? world.identity[id].person.email);
    allow(complaints, /off-origin request: http:\/\/127/);
  });
}

test('an identity provider that says no is told of in words, and another way is open', async ({ page, world, account, context, complaints }) => {
  await context.clearCookies();
  const { github } = world.identity;
  github.reset();
  github.emails.find(({ primary }) => primary).email = account.email;
  await page.goto('/login');
  await page.getByRole('link', { name: 'Continue with GitHub' }).click();
  await expect(page).toHaveURL('/login?error=link_required');
  const alert = page.getByRole('main').getByRole('alert');
  await expect(alert).toContainText('There is an account with this e-mail already.');
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(alert).toContainText('The e-mail or the password is wrong.');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/');
  allow(complaints, /off-origin request: http:\/\/127/);
});

test('where accounts are made by invitation, and nobody else signs in, the pages say so', async ({ page, world, complaints }) => {
  const server = await world.start(PAGES);
  const admin = await register(new Client(server.url));
  const origin = `http://localhost:${server.port}`;
  expectReply(await admin.client.patch('/v1/admin/settings', { registration: 'invited' }), 200);
  await page.goto(`${origin}/login`);
  await expect(page.getByText('Accounts here are made by invitation.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Create one' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Continue with/ })).toHaveCount(0);
  await page.goto(`${origin}/register`);
  await expect(page.getByRole('heading', { name: 'Accounts are made by invitation' })).toBeVisible();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${origin}/login`);
  allow(complaints, /off-origin request/);
});
