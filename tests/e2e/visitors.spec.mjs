// Whom an agent is there for: its creator, the organisation, and whoever has its link.
import { register } from '../lib/world.mjs';
import { allow, expect, expectReply, makeAgent, signIn, test, watch } from './lib/fixtures.mjs';
import { answer, ask, composer } from './lib/chat.mjs';
import { found, join, openUp } from './lib/seed.mjs';

const main = (page) => page.getByRole('main');
const share = (page) => page.getByRole('button', { name: 'Share', exact: true });

/** Chooses as a person does, by its words: the button itself is there for keys and screen readers. */
async function choose(dialog, name) {
  await dialog.getByText(name, { exact: true }).click();
  await expect(dialog.getByRole('radio', { name })).toBeChecked();
}

/** A browser of somebody who has never been here, or of an account. */
async function open({ browser, origin }, account) {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  if (account) await signIn(context, account, origin);
  const page = await context.newPage();
  return { page, complaints: watch(page, origin), close: () => context.close() };
}

test('an agent is opened to everybody, talked to, and closed again', async ({ page, account, world, browser, origin }) => {
  const agent = await makeAgent(account, {
    name: 'Shop assistant', config: { greeting: 'Hello from the **shop**.', suggested_questions: ['Where is my parcel?'] },
  });
  await page.goto(`/agents/${agent.id}`);
  await share(page).click();
  const dialog = page.getByRole('dialog', { name: 'Who may use “Shop assistant”?' });
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled();
  await choose(dialog, 'Everybody with the link');
  await expect(dialog).toContainText('is paid by this organisation');
  await dialog.getByRole('button', { name: 'Open to everybody' }).click();
  const link = await dialog.getByTestId('public-link').textContent();
  expect(link).toMatch(new RegExp(`^${origin}/a/`));
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(main(page).getByText('Public', { exact: true })).toBeVisible();

  const guest = await open({ browser, origin });
  await guest.page.goto(link);
  await expect(guest.page).toHaveTitle('Shop assistant');
  await expect(guest.page.getByText('Hello from the shop.')).toBeVisible();
  world.fake.script('echo', { text: 'It is on its way.' });
  await guest.page.getByRole('button', { name: 'Where is my parcel?' }).click();
  await expect(answer(guest.page)).toContainText('It is on its way.');
  world.fake.script('echo', { text: 'Tomorrow.' });
  await ask(guest.page, 'And when does it come?');
  await expect(answer(guest.page)).toContainText('Tomorrow.');
  // The second question went on with the first one's conversation.
  const said = world.fake.callsFor('echo').at(-1).json.messages.map(({ content }) => content);
  expect(said).toContain('It is on its way.');
  await expect(guest.page.getByRole('group', { name: 'Figures of this answer' })).toHaveCount(0);

  await share(page).click();
  await choose(dialog, 'The organisation');
  await expect(dialog).toContainText('The link stops working at once.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(main(page).getByText('Public', { exact: true })).toHaveCount(0);
  await guest.page.reload();
  await expect(guest.page.getByRole('heading', { name: 'Nobody answers here' })).toBeVisible();
  allow(guest.complaints, /status of 404/);
  expect(guest.complaints, 'complaints of the guest’s browser').toEqual([]);
  await guest.close();
});

test('a visitor is told how long to wait, and fills in what an agent needs', async ({ page, account, world, complaints }) => {
  const variables = [{ name: 'customer', type: 'string', required: true }];
  const slug = await openUp(account.client, await makeAgent(account, { name: 'Order desk', config: { variables, instructions: 'The customer is {{customer}}.' } }));
  await page.goto(`/a/${slug}`);
  await expect(composer(page)).toBeDisabled();
  await page.getByLabel('customer').fill('Grace');
  await expect(composer(page)).toBeEnabled();
  await page.route('**/v1/public/agents/*/generate', (route) => route.fulfill({
    status: 429, headers: { 'Retry-After': '3' }, contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title: 'Too many requests', status: 429, code: 'rate_limited', request_id: 'r' }),
  }), { times: 1 });
  await ask(page, 'Where is my order?');
  const again = page.getByRole('button', { name: 'Try again' });
  await expect(answer(page)).toContainText(/Try again in \d seconds?\./);
  await expect(again).toBeDisabled();
  world.fake.script('echo', { text: 'On its way, Grace.' });
  await expect(again).toBeEnabled();
  await again.click();
  await expect(answer(page)).toContainText('On its way, Grace.');
  allow(complaints, /status of 429/);
});

test('a private agent is there for its creator alone', async ({ page, account, world, browser, origin }) => {
  const grace = await register(world.anonymous, { name: 'Grace Hopper' });
  const org = await found(account, 'Acme');
  await join(account, grace, { role: 'admin' });
  const agent = await makeAgent(account, { name: 'Secret desk' });
  expectReply(await grace.client.post(`/v1/orgs/${org.id}/switch`), 200);
  const hers = await open({ browser, origin }, grace);
  await hers.page.goto('/agents');
  await expect(main(hers.page).getByRole('heading', { name: 'Secret desk' })).toBeVisible();

  await page.goto(`/agents/${agent.id}`);
  await share(page).click();
  const dialog = page.getByRole('dialog');
  await choose(dialog, 'Only its creator');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(main(page).getByText('Private', { exact: true })).toBeVisible();
  await hers.page.reload();
  await expect(main(hers.page).getByRole('heading', { name: 'Build your first agent' })).toBeVisible();
  expect(hers.complaints, 'complaints of the other browser').toEqual([]);
  await hers.close();
});
