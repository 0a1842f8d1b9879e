// Every screen of the UI as one table. A row says where it is, who looks at it, and what is there when it
// is ready; controls are named by their words in the language shown, so a row holds in all of them.

import { expect } from '@playwright/test';

import { ANSWER } from './seed.mjs';

// What a row's functions get: the page, the form it is in, the server, what was seeded, and the words of the language.
const named = (role, path) => ({ page, t }) => page.getByRole(role, { name: t(path), exact: true });
const heading = (path) => named('heading', path);
const link = (pick) => ({ page, seed }) => page.getByRole('main').getByRole('link', { name: pick(seed) }).filter({ visible: true }).first();
const text = (pick) => ({ page, seed }) => page.getByRole('main').getByText(pick(seed)).filter({ visible: true }).first();
const press = (path) => ({ page, t }) => page.getByRole('button', { name: t(path) }).first().click();
const providers = ({ page, t }) => page.getByRole('link', { name: t('auth.oauth.continue', { provider: 'GitHub' }) }).waitFor();
const deviceNames = ({ page }) => page.getByText('python-requests').first().waitFor();
const support = (tab) => ({ agents }) => `/agents/${agents.support.id}${tab ? `?tab=${tab}` : ''}`;
const run = (name) => ({ runs }) => `/runs/${runs[name]}`;

/**
 * name    of the screen, and of its picture
 * path    or what makes it out of the seed
 * who     ada (the default, with everything), bob (with nothing), olga (in an organisation of several), vera (its viewer), root (who administers the server), nobody
 * ready   what is there when the screen is
 * act     what is done there first: a menu opened, a view switched
 * wide    not on phones, where it is not offered
 * refused the server says no to what is done there, on purpose
 * also    what the screen waits for on purpose: `stream` when something goes on arriving
 * exempt  parts that are not ours, as selectors, and why
 */
export const SCREENS = [
  { name: 'login', path: '/login', who: 'nobody', ready: heading('auth.login.title'), act: providers },
  { name: 'login-refused', path: '/login?error=link_required', who: 'nobody', ready: ({ page, t }) => page.getByRole('main').getByText(t('auth.oauth.error.link_required')), act: providers },
  { name: 'register', path: '/register', who: 'nobody', ready: heading('auth.register.title'), act: providers },
  { name: 'forgot', path: '/forgot-password', who: 'nobody', ready: heading('recover.forgot.title') },
  {
    name: 'forgot-logged', path: '/forgot-password', who: 'nobody', ready: heading('recover.forgot.title'),
    act: async ({ page, t }) => {
      await page.getByLabel(t('auth.field.email')).fill('grace@mail.test');
      await press('recover.forgot.submit')({ page, t });
      await page.getByRole('heading', { name: t('recover.forgot.logged_title') }).waitFor();
    },
  },
  { name: 'reset', path: '/reset-password#token=agm_lost', who: 'nobody', ready: heading('recover.reset.title') },
  { name: 'reset-cut', path: '/reset-password?cut', who: 'nobody', ready: heading('recover.link.unknown_title') },
  { name: 'verify', path: '/verify-email#token=agm_lost', who: 'nobody', ready: heading('recover.verify.title') },
  {
    name: 'verify-lost', path: '/verify-email?lost#token=agm_lost', who: 'nobody', refused: true, ready: heading('recover.verify.title'),
    act: async ({ page, t }) => {
      await press('recover.verify.submit')({ page, t });
      await page.getByRole('heading', { name: t('recover.link.unknown_title') }).waitFor();
    },
  },
  { name: 'invitation', path: ({ invitation }) => `/invitation${invitation}`, who: 'nobody', ready: named('link', 'recover.invitation.sign_in') },
  { name: 'invitation-accept', path: ({ invitation }) => `/invitation${invitation}`, who: 'bob', ready: named('button', 'recover.invitation.accept') },
  { name: 'invitation-other', path: ({ invitation }) => `/invitation${invitation}`, ready: heading('recover.invitation.other_title') },
  { name: 'invitation-gone', path: '/invitation?gone#token=agi_lost', who: 'nobody', absent: true, ready: heading('recover.invitation.gone_title') },
  { name: 'register-invited', path: ({ invitation }) => `/register${invitation}`, who: 'nobody', ready: ({ page }) => page.getByText('Alpine Outdoor Cooperative'), act: providers },
  { name: 'confirmed', path: '/confirmed', who: 'nobody', ready: heading('recover.confirmed.title') },
  { name: 'not-found', path: '/no/such/page', who: 'nobody', ready: heading('core.error.not_found_title'), absent: true },

  { name: 'dashboard-empty', path: '/', who: 'bob', ready: heading('dashboard.empty.title') },
  { name: 'dashboard', path: '/', ready: link(() => 'Returns desk') },
  { name: 'dashboard-24h', path: '/?range=24h', ready: link(() => 'Returns desk') },

  { name: 'agents-empty', path: '/agents', who: 'bob', ready: heading('agents.empty_title') },
  { name: 'agents-cards', path: '/agents', ready: link(() => 'Returns desk') },
  {
    name: 'agents-table', path: '/agents', wide: true, ready: link(() => 'Returns desk'),
    act: async ({ page, t }) => {
      await page.getByRole('radio', { name: t('core.view.table') }).click();
      await page.getByRole('table').waitFor();
    },
    undo: ({ page, t }) => page.getByRole('radio', { name: t('core.view.cards') }).click(),
  },
  { name: 'agents-nothing-found', path: '/agents?q=zeppelin&status=draft', ready: heading('agents.nothing_title') },
  { name: 'agent-menu', path: '/agents', ready: link(() => 'Returns desk'), act: ({ page, t }) => page.getByRole('button', { name: t('agents.action.menu', { name: 'Returns desk' }) }).first().click() },

  { name: 'agent-chat', path: support(), ready: named('textbox', 'chat.composer.label') },
  { name: 'agent-conversation', path: ({ agents, runs }) => `/agents/${agents.support.id}?conversation=${runs.conversation}`, ready: ({ page }) => page.getByRole('log').getByRole('table') },
  { name: 'agent-use', path: support('use'), ready: heading('agents.use.title') },
  { name: 'agent-runs', path: support('runs'), ready: text(() => 'How long may I return shoes?') },
  { name: 'agent-configuration', path: support('configuration'), ready: text(() => 'Quote the policy, never guess.') },
  { name: 'agent-changed', path: ({ agents }) => `/agents/${agents.others[0].id}`, ready: named('textbox', 'chat.composer.label') },
  { name: 'agent-draft', path: ({ agents }) => `/agents/${agents.draft.id}`, ready: text(() => 'Ask one question at a time.') },
  { name: 'agent-missing', path: '/agents/00000000-0000-7000-8000-000000000001', ready: heading('agents.detail.not_found_title'), absent: true },

  { name: 'agent-share', path: ({ agents }) => `/agents/${agents.open.id}`, ready: named('textbox', 'chat.composer.label'), act: async ({ page, t }) => {
    await page.getByRole('button', { name: t('agents.share.action'), exact: true }).click();
    await page.getByTestId('public-link').waitFor();
  } },
  { name: 'visitor', path: ({ agents }) => `/a/${agents.slug}`, who: 'nobody', ready: ({ page, t }) => page.getByRole('list', { name: t('chat.welcome.suggestions') }) },
  { name: 'visitor-blanks', path: ({ agents }) => `/a/${agents.slugWithBlanks}`, who: 'nobody', ready: ({ page, t }) => page.getByRole('button', { name: t('visitor.blanks') }) },
  {
    name: 'visitor-answered', path: ({ agents }) => `/a/${agents.slug}`, who: 'nobody', ready: named('textbox', 'chat.composer.label'),
    act: async ({ page, t, world }) => {
      world.fake.script('gpt-4o-mini', { text: ANSWER, chunks: 8 });
      await page.getByRole('textbox', { name: t('chat.composer.label') }).fill('How long may I return shoes?');
      await page.keyboard.press('Enter');
      await page.getByRole('table').waitFor();
    },
  },
  { name: 'visitor-missing', path: '/a/nothing-is-there', who: 'nobody', ready: heading('visitor.missing.title'), absent: true },

  { name: 'wizard-start', path: '/agents/new', ready: heading('start.title'), act: ({ page }) => page.getByText('Interview helper').waitFor() },
  { name: 'wizard-start-empty', path: '/agents/new', who: 'bob', ready: heading('start.templates') },
  ...['identity', 'model', 'instructions', 'conversation', 'limits', 'review'].map((step) => ({
    name: `wizard-${step}`, path: ({ agents }) => `/agents/${agents.draft.id}/edit?step=${step}`, ready: heading(`wizard.step.${step}.title`),
  })),
  { name: 'wizard-published', path: ({ agents }) => `/agents/${agents.support.id}/edit?step=conversation`, ready: heading('wizard.step.conversation.title') },
  { name: 'wizard-incomplete', path: ({ agents }) => `/agents/${agents.blank.id}/edit?step=review`, ready: heading('wizard.step.review.title') },
  { name: 'wizard-missing', path: '/agents/00000000-0000-7000-8000-000000000001/edit', ready: heading('wizard.not_found.title'), absent: true },
  {
    name: 'wizard-preview', path: ({ agents }) => `/agents/${agents.draft.id}/edit?step=identity`, ready: heading('wizard.step.identity.title'),
    act: async ({ page, t, world, form }) => {
      world.fake.script('gpt-4o-mini', { text: ANSWER, chunks: 8 });
      if (form.narrow) await press('wizard.preview.open')({ page, t });
      await page.getByRole('textbox', { name: t('chat.composer.label') }).fill('Which questions fit a baker?');
      await page.keyboard.press('Enter');
      await page.getByRole('table').waitFor();
      await page.getByRole('group', { name: t('chat.metrics.label') }).waitFor();
    },
  },
  {
    name: 'wizard-compare', path: ({ agents }) => `/agents/${agents.draft.id}/edit?step=model`, ready: heading('wizard.step.model.title'),
    act: async ({ page, t, form }) => {
      if (form.narrow) await press('wizard.preview.open')({ page, t });
      await press('wizard.preview.compare')({ page, t });
      await page.getByRole('textbox', { name: t('compare.input') }).fill('Which questions fit a baker?');
      await press('compare.run')({ page, t });
      await expect(page.getByRole('group', { name: t('chat.metrics.label') })).toHaveCount(2);
    },
  },

  { name: 'prompts-empty', path: '/prompts', who: 'bob', ready: heading('prompts.empty_title') },
  { name: 'prompts', path: '/prompts', ready: link(() => 'Support tone') },
  { name: 'prompts-nothing-found', path: '/prompts?q=zeppelin', ready: heading('prompts.nothing_title') },
  { name: 'prompt-new', path: '/prompts/new', ready: named('textbox', 'prompts.field.text') },
  { name: 'prompt', path: ({ prompts }) => `/prompts/${prompts[0].id}`, ready: named('textbox', 'prompts.field.text') },
  { name: 'prompt-missing', path: '/prompts/00000000-0000-7000-8000-000000000001', ready: heading('prompts.missing_title'), absent: true },
  {
    name: 'prompt-tested', path: ({ prompts }) => `/prompts/${prompts[0].id}?view=test`, ready: heading('prompts.test.title'),
    act: async ({ page, t }) => {
      await page.getByRole('textbox', { name: t('prompts.test.input') }).fill('May I return shoes?');
      await press('prompts.test.run')({ page, t });
      await page.getByRole('button', { name: t('prompts.test.copy_answer') }).first().waitFor();
    },
  },

  { name: 'runs-empty', path: '/runs', who: 'bob', ready: heading('runs.empty.title') },
  // Previews and tests of prompts are runs too, so which come first depends on what was looked at before.
  { name: 'runs', path: '/runs', ready: ({ page }) => page.locator('main a[href^="/runs/0"]').filter({ visible: true }).first() },
  { name: 'runs-filtered', path: '/runs?kind=generate&status=completed', ready: text(() => 'How long may I return shoes?') },
  { name: 'runs-nothing-found', path: '/runs?q=zeppelin', ready: heading('runs.empty.filtered_title') },
  { name: 'run-completed', path: run('completed'), ready: ({ page }) => page.getByRole('main').getByRole('table') },
  { name: 'run-failed', path: run('failed'), ready: text(() => 'Which clauses are unusual?') },
  { name: 'run-broken', path: run('broken'), ready: heading('runs.detail.partial_answer') },
  { name: 'run-cancelled', path: run('cancelled'), ready: text(() => 'Write me a poem') },
  {
    name: 'run-running', path: run('running'), also: 'stream', ready: named('button', 'runs.detail.cancel'),
    act: async (at) => expect(text(() => 'You can return shoes within')(at)).toBeVisible(),
  },
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
  { name: 'settings-unverified', path: '/settings', who: 'bob', ready: heading('account.email.title') },
  { name: 'settings-email', path: '/settings', ready: heading('account.email.title'), act: async ({ page, t }) => {
    await press('account.email.change')({ page, t });
    await page.getByRole('textbox', { name: t('account.email.new') }).fill('ada@analytical.example');
    await press('account.email.send')({ page, t });
    await page.getByRole('button', { name: t('account.email.another') }).waitFor();
  } },
  { name: 'settings-security', path: '/settings?tab=security', ready: heading('account.sessions.title'), act: deviceNames },
  { name: 'settings-security-bob', path: '/settings?tab=security', who: 'bob', ready: heading('account.sessions.title'), act: ({ page, t }) => page.getByText(t('account.sessions.this_device')).waitFor() },
  { name: 'settings-not-linked', path: '/settings?error=identity_taken', ready: ({ page, t }) => page.getByRole('main').getByText(t('auth.oauth.error.identity_taken')), act: deviceNames },
  {
    name: 'settings-unlink', path: '/settings?tab=security', ready: heading('account.identities.title'),
    act: async ({ page, t }) => {
      await page.getByRole('button', { name: t('account.identities.unlink'), exact: true }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'settings-data', path: '/settings?tab=data', ready: heading('account.data.delete_title') },
  { name: 'settings-delete', path: '/settings?tab=data', ready: heading('account.data.delete_title'), act: async ({ page, t }) => {
    await press('account.data.delete')({ page, t });
    await page.getByRole('dialog').waitFor();
  } },
  { name: 'settings-appearance', path: '/settings?tab=appearance', ready: named('radiogroup', 'core.theme.accent') },
  { name: 'settings-keys', path: '/settings?tab=keys', ready: text(() => 'Website backend') },
  { name: 'settings-keys-empty', path: '/settings?tab=keys', who: 'bob', ready: heading('keys.empty_title') },
  { name: 'settings-models', path: '/settings?tab=models', ready: ({ page }) => page.getByRole('heading', { name: 'Anthropic' }) },
  {
    name: 'settings-key-open', path: '/settings?tab=keys', ready: text(() => 'Website backend'),
    act: ({ page, t }) => page.getByRole('listitem').filter({ hasText: 'Shop widget' }).getByRole('button', { name: t('keys.details') }).click(),
  },
  {
    name: 'settings-new-key', path: '/settings?tab=keys', ready: text(() => 'Website backend'),
    act: async ({ page, t }) => {
      await press('keys.create')({ page, t });
      await page.getByLabel(t('keys.scopes'), { exact: true }).selectOption('chosen');
      await page.getByRole('radio', { name: t('keys.agents_some') }).click();
      await page.getByRole('checkbox', { name: 'Returns desk' }).waitFor();
    },
  },

  { name: 'settings-keys-shared', path: '/settings?tab=keys&keys=shared', who: 'olga', ready: text(() => 'Website') },

  { name: 'viewer-agents', path: '/agents', who: 'vera', ready: link(() => 'Returns desk') },
  { name: 'viewer-agent', path: ({ shared }) => `/agents/${shared.agent.id}`, who: 'vera', ready: named('textbox', 'chat.composer.label') },
  { name: 'viewer-prompt', path: ({ shared }) => `/prompts/${shared.prompt.id}`, who: 'vera', ready: text(() => 'Never promise a refund') },
  { name: 'viewer-refused', path: '/agents/new', who: 'vera', ready: heading('core.forbidden.title') },
  { name: 'viewer-roles', path: '/organization?tab=roles', who: 'vera', ready: ({ page, t, form }) => (form.narrow ? named('combobox', 'org.roles.role')({ page, t }) : page.getByRole('columnheader', { name: /Auditor/ })) },

  { name: 'org-personal', path: '/organization', ready: heading('org.personal.title') },
  { name: 'org-general', path: '/organization', who: 'olga', ready: heading('org.delete.title') },
  { name: 'org-delete', path: '/organization', who: 'olga', ready: heading('org.delete.title'), act: press('org.delete.action') },
  { name: 'org-transfer', path: '/organization', who: 'olga', ready: heading('org.delete.title'), act: async (at) => {
    await press('org.transfer.action')(at);
    await at.page.getByLabel(at.t('org.transfer.to')).waitFor();
  } },
  { name: 'org-members', path: '/organization?tab=members', who: 'olga', ready: text(() => 'linus@mail.test') },
  { name: 'org-members-nothing-found', path: '/organization?tab=members&q=zeppelin', who: 'olga', ready: heading('org.members.nothing_title') },
  { name: 'org-invite', path: '/organization?tab=members', who: 'olga', ready: text(() => 'linus@mail.test'), act: async (at) => {
    await press('org.members.invite')(at);
    await named('combobox', 'org.invite.role')(at).waitFor();
  } },
  { name: 'org-invited', path: '/organization?tab=members', who: 'olga', ready: text(() => 'linus@mail.test'), act: async ({ page, t }) => {
    await page.getByRole('button', { name: t('org.invitations.resend_to', { email: 'linus@mail.test' }) }).click();
    await page.getByTestId('invitation-link').waitFor();
  } },
  { name: 'org-roles', path: '/organization?tab=roles', who: 'olga', ready: named('button', 'org.roles.create') },
  { name: 'org-roles-changed', path: '/organization?tab=roles', who: 'olga', ready: named('button', 'org.roles.create'), act: async ({ page, t, form }) => {
    if (form.narrow) await named('combobox', 'org.roles.role')({ page, t }).selectOption({ label: 'Auditor' });
    const name = t('permissions.name.runs_read');
    await page.getByRole('checkbox', { name: form.narrow ? name : `Auditor: ${name}` }).click();
    await page.getByRole('button', { name: t('org.roles.save'), exact: true }).waitFor();
  } },
  { name: 'org-role-new', path: '/organization?tab=roles', who: 'olga', ready: named('button', 'org.roles.create'), act: press('org.roles.create') },
  { name: 'menu-organizations', path: '/organization', who: 'olga', ready: heading('org.delete.title'), act: async ({ page, t, form }) => {
    if (form.narrow) await page.getByRole('button', { name: t('core.nav.open_menu') }).click();
    await page.getByRole('button', { name: t('core.orgs.current', { name: 'Alpine Outdoor Cooperative' }) }).click();
    await page.getByRole('menuitemradio').nth(1).waitFor();
  } },
  { name: 'org-new', path: '/organization', ready: heading('org.personal.title'), act: press('core.orgs.create') },
  { name: 'activity', path: '/activity?action=agent', ready: ({ page, t }) => page.getByText(t('activity.action.agent_created')).first() },
  {
    name: 'activity-open', path: '/activity?action=api_key', ready: ({ page, t }) => page.getByText(t('activity.action.api_key_created')).first(),
    act: ({ page, t }) => page.getByRole('main').getByRole('listitem').getByRole('button', { name: t('activity.action.api_key_created') }).first().click(),
  },
  {
    // Which entries come first depends on what was done before.
    name: 'activity-verified', path: '/activity', ready: ({ page }) => page.getByRole('main').getByRole('listitem').getByRole('button').first(),
    act: async ({ page, t }) => {
      await press('activity.verify.action')({ page, t });
      await page.getByRole('heading', { name: t('activity.verify.ok_title') }).waitFor();
    },
  },
  { name: 'activity-nothing-found', path: '/activity?q=zeppelin&to=2020-01-01', ready: heading('activity.empty.filtered_title') },
  { name: 'activity-export', path: '/activity?action=prompt', ready: ({ page, t }) => page.getByText(t('activity.action.prompt_created')).first(), act: press('activity.export.label') },

  { name: 'admin-forbidden', path: '/admin', ready: heading('admin.forbidden.title') },
  { name: 'admin-users', path: '/admin', who: 'root', ready: text(() => 'suspended@mail.test') },
  { name: 'admin-users-nothing-found', path: '/admin?q=zeppelin&role=admin', who: 'root', ready: heading('admin.users.nothing_title') },
  { name: 'admin-user-menu', path: '/admin', who: 'root', ready: text(() => 'suspended@mail.test'), act: ({ page, t }) => page.getByRole('button', { name: t('admin.users.menu', { name: 'Ada Lovelace' }) }).click() },
  {
    name: 'admin-user-delete', path: '/admin?q=suspended%40mail.test', who: 'root', ready: text(() => 'suspended@mail.test'),
    act: async ({ page, t }) => {
      await page.getByRole('button', { name: t('admin.users.menu', { name: 'Maximiliane von Hohenstein-Waldburg' }) }).click();
      await page.getByRole('menuitem', { name: t('admin.users.act.delete') }).click();
      await page.getByRole('dialog').getByRole('textbox').waitFor();
    },
  },
  { name: 'admin-orgs', path: '/admin?tab=orgs', who: 'root', ready: ({ page, seed }) => page.getByText(seed.ada.email) },
  {
    name: 'admin-limit', path: '/admin?tab=orgs&q=suspended%40mail.test', who: 'root', ready: text(() => 'suspended@mail.test'),
    act: async ({ page, t }) => {
      await page.getByRole('main').getByRole('listitem').getByRole('button').click();
      await page.getByLabel(t('admin.orgs.limit.field')).waitFor();
    },
  },
  {
    name: 'admin-settings', path: '/admin?tab=settings', who: 'root', ready: ({ page, t }) => page.getByLabel(t('admin.settings.registration'), { exact: true }),
    act: ({ page, t }) => page.getByLabel(t('admin.settings.free_per_minute')).fill('60'),
  },
  { name: 'admin-blocks', path: '/admin?tab=blocks', who: 'root', ready: text(() => '192.0.2.7') },
  { name: 'admin-blocks-empty', path: '/admin?tab=blocks&kind=account', who: 'root', ready: heading('admin.blocks.empty_title') },
  { name: 'admin-block-new', path: '/admin?tab=blocks', who: 'root', ready: text(() => '192.0.2.7'), act: async ({ page, t }) => {
    await press('admin.blocks.add')({ page, t });
    await page.getByLabel(t('admin.blocks.dialog.address'), { exact: true }).waitFor();
  } },
  { name: 'admin-log', path: '/admin?tab=log&action=block', who: 'root', ready: ({ page, t }) => page.getByText(t('activity.action.block_created')).first() },

  {
    name: 'docs', path: '/docs', ready: ({ page }) => page.getByText('/v1/agents/{id}/publish'),
    exempt: [['.swagger-ui', 'Swagger UI’s own markup and colours; the page around it is ours']],
  },

  { name: 'menu-command', path: '/agents', ready: link(() => 'Returns desk'), act: press('core.palette.label') },
  { name: 'menu-theme', path: '/agents', ready: link(() => 'Returns desk'), act: press('core.theme.label') },
  { name: 'menu-account-unverified', path: '/agents', who: 'bob', ready: heading('agents.empty_title'), act: press('core.user_menu.label') },
  { name: 'menu-account', path: '/agents', ready: link(() => 'Returns desk'), act: press('core.user_menu.label') },
  { name: 'menu-shortcuts', path: '/agents', ready: link(() => 'Returns desk'), act: async ({ page }) => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  } },
];
