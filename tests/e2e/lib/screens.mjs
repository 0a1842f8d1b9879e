// Every screen of the UI as one table. A row says where it is, who looks at it, and what is there when it
// is ready; controls are named by their words in the language shown, so a row holds in all of them.

/** What a row's functions get: the page, what was seeded, and the words of the language. */

const named = (role, path) => ({ page, t }) => page.getByRole(role, { name: t(path), exact: true });
const heading = (path) => named('heading', path);
const link = (pick) => ({ page, seed }) => page.getByRole('main').getByRole('link', { name: pick(seed) }).filter({ visible: true }).first();
const text = (pick) => ({ page, seed }) => page.getByRole('main').getByText(pick(seed)).filter({ visible: true }).first();
const menu = (path) => async ({ page, t }) => {
  await page.getByRole('button', { name: t(path), exact: true }).click();
};
const support = (tab) => ({ agents }) => `/agents/${agents.support.id}${tab ? `?tab=${tab}` : ''}`;
const run = (name) => ({ runs }) => `/runs/${runs[name]}`;

/**
 * name    of the screen, and of its picture
 * path    or what makes it out of the seed
 * who     ada (the default, with everything), bob (with nothing), nobody
 * ready   what is there when the screen is
 * act     what is done there first: a menu opened, a view switched
 * wide    not on phones, where it is not offered
 * also    what the screen waits for on purpose: `stream` when something goes on arriving
 * exempt  parts that are not ours, as selectors, and why
 */
export const SCREENS = [
  { name: 'login', path: '/login', who: 'nobody', ready: heading('auth.login.title') },
  { name: 'register', path: '/register', who: 'nobody', ready: heading('auth.register.title') },
  { name: 'not-found', path: '/no/such/page', who: 'nobody', ready: heading('core.error.not_found_title'), absent: true },

  { name: 'dashboard-empty', path: '/', who: 'bob', ready: heading('dashboard.empty.title') },
  { name: 'dashboard', path: '/', ready: link(() => 'Returns desk') },
  { name: 'dashboard-24h', path: '/?range=24h', ready: link(() => 'Returns desk') },

  { name: 'agents-empty', path: '/agents', who: 'bob', ready: heading('agents.empty_title') },
  { name: 'agents-cards', path: '/agents', ready: link(() => 'Returns desk') },
  {
    name: 'agents-table', path: '/agents', wide: true, ready: link(() => 'Returns desk'),
    act: async ({ page, t }) => {
      await page.getByRole('radio', { name: t('agents.view.table') }).click();
      await page.getByRole('table').waitFor();
    },
    undo: ({ page, t }) => page.getByRole('radio', { name: t('agents.view.cards') }).click(),
  },
  { name: 'agents-nothing-found', path: '/agents?q=zeppelin&status=draft', ready: heading('agents.nothing_title') },
  { name: 'agent-menu', path: '/agents', ready: link(() => 'Returns desk'), act: ({ page, t }) => page.getByRole('button', { name: t('agents.action.menu', { name: 'Returns desk' }) }).first().click() },

  { name: 'agent-chat', path: support(), ready: named('textbox', 'chat.composer.label') },
  { name: 'agent-conversation', path: ({ agents, runs }) => `/agents/${agents.support.id}?conversation=${runs.conversation}`, ready: text(() => 'The box is welcome') },
  { name: 'agent-use', path: support('use'), ready: heading('agents.use.title') },
  { name: 'agent-runs', path: support('runs'), ready: text(() => 'How long may I return shoes?') },
  { name: 'agent-configuration', path: support('configuration'), ready: text(() => 'Quote the policy, never guess.') },
  { name: 'agent-changed', path: ({ agents }) => `/agents/${agents.others[0].id}`, ready: named('textbox', 'chat.composer.label') },
  { name: 'agent-draft', path: ({ agents }) => `/agents/${agents.draft.id}`, ready: text(() => 'Ask one question at a time.') },
  { name: 'agent-missing', path: '/agents/00000000-0000-7000-8000-000000000001', ready: heading('agents.detail.not_found_title'), absent: true },

  { name: 'runs-empty', path: '/runs', who: 'bob', ready: heading('runs.empty.title') },
  { name: 'runs', path: '/runs', ready: text(() => 'How long may I return shoes?') },
  { name: 'runs-nothing-found', path: '/runs?q=zeppelin', ready: heading('runs.empty.filtered_title') },
  { name: 'run-completed', path: run('completed'), ready: text(() => 'Open Orders and choose the pair.') },
  { name: 'run-failed', path: run('failed'), ready: text(() => 'Which clauses are unusual?') },
  { name: 'run-broken', path: run('broken'), ready: heading('runs.detail.partial_answer') },
  { name: 'run-cancelled', path: run('cancelled'), ready: text(() => 'Write me a poem') },
  { name: 'run-running', path: run('running'), also: 'stream', ready: text(() => 'You can return shoes within') },
  { name: 'run-missing', path: '/runs/00000000-0000-7000-8000-000000000001', ready: heading('runs.detail.not_found'), absent: true },

  { name: 'errors-empty', path: '/errors', who: 'bob', ready: heading('errors.empty.title') },
  { name: 'errors', path: '/errors', ready: text(() => 'The provider refused the API key') },
  {
    name: 'errors-open', path: '/errors', ready: text(() => 'Cannot read properties'),
    act: async ({ page }) => {
      for (const message of ['The provider refused the API key', 'Cannot read properties']) {
        const row = page.getByRole('listitem').filter({ hasText: message }).getByRole('button', { expanded: false });
        await row.click();
      }
    },
  },

  { name: 'settings-profile', path: '/settings', ready: named('textbox', 'settings.profile.name') },
  { name: 'settings-appearance', path: '/settings?tab=appearance', ready: named('radiogroup', 'core.theme.accent') },
  { name: 'settings-keys', path: '/settings?tab=keys', ready: text(() => 'Website backend') },
  { name: 'settings-keys-empty', path: '/settings?tab=keys', who: 'bob', ready: heading('settings.keys.empty_title') },
  { name: 'settings-models', path: '/settings?tab=models', ready: heading0('Anthropic') },
  { name: 'settings-new-key', path: '/settings?tab=keys', ready: text(() => 'Website backend'), act: menu('settings.keys.create') },

  {
    name: 'docs', path: '/docs', ready: ({ page }) => page.getByText('/v1/agents/{id}/publish'),
    exempt: [['.swagger-ui', 'Swagger UI’s own markup and colours; the page around it is ours']],
  },

  { name: 'menu-command', path: '/agents', ready: link(() => 'Returns desk'), act: menu('core.palette.label') },
  { name: 'menu-theme', path: '/agents', ready: link(() => 'Returns desk'), act: menu('core.theme.label') },
  { name: 'menu-account', path: '/agents', ready: link(() => 'Returns desk'), act: menu('core.user_menu.label') },
  { name: 'menu-shortcuts', path: '/agents', ready: link(() => 'Returns desk'), act: async ({ page }) => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  } },
];

function heading0(name) {
  return ({ page }) => page.getByRole('heading', { name }).first();
}
