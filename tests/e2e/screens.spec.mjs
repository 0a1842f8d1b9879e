// Every screen in every form: what axe, the console, the policy, the network and a ruler have to say about it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';

import { layoutFaults } from './lib/layout.mjs';
import { SCREENS } from './lib/screens.mjs';
import { expect, FORMS, test } from './lib/stage.mjs';
import { wordFaults } from './lib/words.mjs';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Where a page twice as large is looked at: the densest ones. */
const ZOOMED = ['login', 'dashboard', 'agents-cards', 'agent-conversation', 'wizard-instructions', 'prompt', 'run-completed', 'settings-keys'];

// Screens do not depend on one another, so both workers take what comes next.
test.describe.configure({ mode: 'parallel' });

/** What a form changes of what a light, wide, English page was found to be; everything where none is named. */
const CHANGES = { dark: ['color-contrast'], arabic: [] };

async function axeFaults(page, form, { exempt = [] }) {
  const rules = CHANGES[form];
  if (rules?.length === 0) return [];
  // What passes is neither described nor sent, which is most of the work.
  const runOnly = rules ? { type: 'rule', values: rules } : { type: 'tag', values: WCAG };
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ runOnly, resultTypes: ['violations'] });
  for (const [selector] of exempt) axe.exclude(selector);
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, any }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${any[0]?.message ?? ''}`));
}

async function keepPicture(page, form, screen) {
  const folder = process.env.AGENTGEN_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(path.join(folder, form), { recursive: true });
  await page.screenshot({ path: path.join(folder, form, `${screen.name}.png`), fullPage: true });
}

for (const [name, form] of Object.entries(FORMS)) {
  const shown = SCREENS.filter((screen) => !(screen.wide && form.narrow) && (name !== 'zoomed' || ZOOMED.includes(screen.name)));
  for (const screen of shown) {
    test(`${name}: ${screen.name}`, async ({ stage }) => {
      const viewer = await stage(form, screen.who);
      await viewer.show(screen);
      await keepPicture(viewer.page, name, screen);
      expect.soft(await viewer.page.evaluate(layoutFaults), 'layout').toEqual([]);
      expect.soft(await axeFaults(viewer.page, name, screen), 'accessibility').toEqual([]);
      expect.soft(viewer.complaints, 'complaints of the browser').toEqual([]);
      expect.soft(await wordFaults(viewer.page, form.locale, screen), 'words').toEqual([]);
      await viewer.leave(screen);
    });
  }
}
