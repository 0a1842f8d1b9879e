// What stands around every screen: command menu, shortcuts, sidebar, language, theme, and how the app
// behaves when the connection, the session or the server is gone.
import { PASSWORD } from '../lib/world.mjs';
import { allow, expect, makeAgent, test } from './lib/fixtures.mjs';

const main = (page) => page.getByRole('main');
const palette = (page) => page.getByRole('dialog', { name: 'Command menu' });

test.beforeEach(async ({ account, page }) => {
  await makeAgent(account, { name: 'Returns desk' });
  await page.goto('/agents');
  await expect(main(page).getByRole('link', { name: 'Returns desk' })).toBeVisible();
});

test('the command menu finds agents, goes where it says and closes', async ({ page }) => {
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeVisible();
  await expect(palette(page).getByRole('combobox')).toBeFocused();
  await page.keyboard.type('returns');
  await expect(palette(page).getByRole('option', { name: 'Returns desk' })).toHaveAttribute('aria-selected', 'true');
  await expect(palette(page).getByText('Nothing matches.')).toBeHidden();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}/);
  await expect(palette(page)).toBeHidden();

  await page.getByRole('button', { name: 'Command menu' }).click();
  await palette(page).getByRole('combobox').fill('setti');
  await palette(page).getByRole('option', { name: 'Settings' }).click();
  await expect(page).toHaveURL('/settings');

  await page.keyboard.press('Control+k');
  await palette(page).getByRole('combobox').fill('zeppelin');
  await expect(palette(page).getByText('Nothing matches.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
  await page.getByRole('button', { name: 'Theme' }).focus();
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeHidden();
  await expect(page.getByRole('button', { name: 'Theme' })).toBeFocused();
});

test('the command menu switches the theme and lists the shortcuts', async ({ page }) => {
  await page.keyboard.press('Control+k');
  await palette(page).getByRole('option', { name: 'Switch theme' }).click();
  await expect(page.locator('html')).toHaveClass(/dark/);
  await page.keyboard.press('Control+k');
  await palette(page).getByRole('option', { name: 'Keyboard shortcuts' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
});

test('shortcuts work outside of fields, and never inside', async ({ page }) => {
  for (const [key, path] of [['d', '/'], ['p', '/prompts'], ['r', '/runs'], ['a', '/agents']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page).toHaveURL(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toBeVisible();
  // A dialog keeps the keys to itself.
  await page.keyboard.press('c');
  await expect(page).toHaveURL('/agents');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();

  await page.keyboard.press('/');
  const search = page.getByRole('searchbox', { name: 'Search agents' });
  await expect(search).toBeFocused();
  await page.keyboard.type('c?gd/');
  await expect(search).toHaveValue('c?gd/');
  await expect(page).toHaveURL(/\?q=c/);
  await search.blur();
  await page.keyboard.press('c');
  await expect(page).toHaveURL('/agents/new');
});

test('by keyboard alone: the skip link leads to the content, menus to their entries and back', async ({ page }) => {
  await page.reload();
  await expect(main(page).getByRole('link', { name: 'Returns desk' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(main(page)).toBeFocused();
  const menu = page.getByRole('button', { name: 'Account' });
  await menu.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Profile' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toBeFocused();
});

test('the sidebar folds, names its links still, and is remembered', async ({ page }) => {
  await page.getByRole('button', { name: 'Collapse sidebar' }).click();
  await expect(page.getByRole('button', { name: 'Expand sidebar' })).toHaveAttribute('aria-expanded', 'false');
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Prompts' })).toBeVisible();
  await page.reload();
  const expand = page.getByRole('button', { name: 'Expand sidebar' });
  await expect(expand).toBeVisible();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).hover();
  await expect(page.getByRole('tooltip', { name: 'Runs' })).toBeVisible();
  await expand.click();
  await expect(page.getByRole('button', { name: 'Collapse sidebar' })).toBeVisible();
});

test('the current screen is told in the navigation', async ({ page }) => {
  const navigation = page.getByRole('navigation', { name: 'Main' });
  for (const name of ['Dashboard', 'Agents', 'Prompts', 'Runs', 'Error log', 'Audit log', 'API docs', 'Settings']) {
    await navigation.getByRole('link', { name }).click();
    await expect(navigation.getByRole('link', { name, exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(navigation.getByRole('link').and(page.locator('[aria-current=page]'))).toHaveCount(1);
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(`^${name} · agentgen$`));
  }
});

test('theme and accent are chosen, seen at once and remembered before the first paint', async ({ page }) => {
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Rose' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-accent', 'rose');
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveClass(/dark/);
  await page.reload();
  await expect(page.locator('html')).toHaveClass(/dark/);
  await expect(page.locator('html')).toHaveAttribute('data-accent', 'rose');
  await page.goto('/settings?tab=appearance');
  await expect(page.getByRole('radio', { name: 'Rose' })).toBeChecked();
  await page.getByRole('radio', { name: 'Teal' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-accent', 'teal');
  // The system's wish counts again when it is asked for.
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'System' }).click();
  await expect(page.locator('html')).not.toHaveClass(/dark/);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveClass(/dark/);
});

test('the language is chosen, turns the page round and is remembered', async ({ page }) => {
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemradio', { name: 'العربية' }).click();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
  await expect(page.getByRole('heading', { level: 1, name: 'الوكلاء' })).toBeVisible();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(page.getByRole('heading', { level: 1, name: 'الوكلاء' })).toBeVisible();
  // The signed-out pages follow.
  await page.context().clearCookies();
  await page.goto('/login');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
  await page.getByRole('combobox').selectOption('de');
  await expect(page.getByRole('heading', { name: 'Anmelden' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
});

test('another tab follows neither into a half-drawn state: each stays whole', async ({ page, context }) => {
  const other = await context.newPage();
  await other.goto('/runs');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await other.reload();
  await expect(other.locator('html')).toHaveAttribute('lang', 'de');
  await expect(other.getByRole('heading', { level: 1 })).not.toHaveText('Runs');
  await other.close();
});

test('on a phone the navigation is a sheet that closes behind a choice', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Open menu' }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await sheet.getByRole('link', { name: 'Prompts' }).click();
  await expect(page).toHaveURL('/prompts');
  await expect(sheet).toBeHidden();
  await page.getByRole('button', { name: 'Open menu' }).click();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await expect(page.getByRole('button', { name: 'Open menu' })).toBeFocused();
});

test('being offline is said, and taken back', async ({ page, context }) => {
  await context.setOffline(true);
  await expect(page.getByRole('status').getByText('You are offline.')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('You are offline.')).toBeHidden();
});

test('a session that ends keeps the half-filled form, and signing in again sends it', async ({ page, account, context, complaints }) => {
  await page.goto('/settings');
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill('Ada King');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Save profile' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(dialog.getByText(account.email)).toBeVisible();
  await dialog.getByLabel('Password').fill('not the password');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await expect(name).toHaveValue('Ada King');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Profile saved', { exact: true })).toBeVisible();
  expect((await account.client.get('/v1/auth/me')).json.name).toBe('Ada King');
  allow(complaints, /status of 401/);
});

test('data that cannot be had is an error card with the request’s id and a way to try again', async ({ page, complaints }) => {
  let broken = true;
  await page.route('**/v1/agents?*', (route) => (broken ? route.fulfill({
    status: 503,
    contentType: 'application/problem+json',
    headers: { 'X-Request-Id': 'req-503' },
    body: JSON.stringify({ type: 'about:blank', title: 'Service unavailable', status: 503, detail: 'The database does not answer.', code: 'database_unavailable', request_id: 'req-503' }),
  }) : route.continue()));
  await page.reload();
  const card = main(page).getByRole('alert');
  await expect(card).toContainText('The database does not answer.', { timeout: 20_000 });
  await expect(card).toContainText('req-503');
  broken = false;
  await card.getByRole('button', { name: 'Try again' }).click();
  await expect(main(page).getByRole('link', { name: 'Returns desk' })).toBeVisible();
  await expect(card).toBeHidden();
  allow(complaints, /status of 503/);
});

test('a proxy’s error page instead of an answer is told without its HTML', async ({ page, complaints }) => {
  await page.route('**/v1/agents?*', (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }));
  await page.reload();
  await expect(main(page).getByRole('alert')).toContainText('HTTP 502', { timeout: 20_000 });
  await expect(page.getByText('Bad gateway')).toBeHidden();
  allow(complaints, /status of 502/);
});

test('a server that cannot be reached at all is told so', async ({ page, complaints }) => {
  await page.route('**/v1/agents?*', (route) => route.abort());
  await page.reload();
  await expect(main(page).getByRole('alert')).toContainText('cannot be reached', { timeout: 20_000 });
  allow(complaints, /ERR_FAILED/);
});

test('an address without a page has a page that leads home', async ({ page, complaints }) => {
  const reply = await page.goto('/no/such/page');
  expect(reply.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to the dashboard' }).click();
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  allow(complaints, /status of 404/);
});

test('a deleted agent is brought back from the message that says so', async ({ page }) => {
  await page.getByRole('button', { name: 'Actions for Returns desk' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(main(page).getByRole('link', { name: 'Returns desk' })).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(main(page).getByRole('link', { name: 'Returns desk' })).toBeVisible();
});

test('Back and Forward go through screens and filters as they were', async ({ page }) => {
  await page.getByRole('combobox', { name: 'State' }).selectOption('draft');
  await expect(page.getByRole('heading', { name: 'No agent matches' })).toBeVisible();
  await expect(page).toHaveURL('/agents?status=draft');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL('/agents?status=draft');
  await expect(page.getByRole('combobox', { name: 'State' })).toHaveValue('draft');
  await expect(page.getByRole('heading', { name: 'No agent matches' })).toBeVisible();
  await page.goForward();
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
});
