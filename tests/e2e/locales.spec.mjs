// Screens in every language: no text is missing, nothing falls back to its key, all of it fits where it
// stands, and the page says which language it is in and which way it runs. That each text is there in
// each language, and takes the same values, web/src/messages/messages.test.ts has looked at; here each
// screen is looked at in one language more, in turn. English and Arabic have every screen, in screens.spec.mjs.
import { layoutFaults } from './lib/layout.mjs';
import { SCREENS } from './lib/screens.mjs';
import { expect, inLanguage, test } from './lib/stage.mjs';
import { LOCALES, wordFaults } from './lib/words.mjs';

test.describe.configure({ mode: 'parallel' });

const OTHERS = LOCALES.filter((name) => name !== 'en' && name !== 'ar');

for (const [turn, locale] of OTHERS.entries()) {
  test(`${locale}: its screens have all their words, and room for them`, async ({ stage }) => {
    for (const screen of SCREENS.filter((_, i) => i % OTHERS.length === turn)) {
      const viewer = await stage(inLanguage(locale), screen.who);
      await viewer.show(screen);
      expect.soft(viewer.complaints, screen.name).toEqual([]);
      expect.soft(await viewer.page.evaluate(layoutFaults), screen.name).toEqual([]);
      expect.soft(await wordFaults(viewer.page, locale, screen), screen.name).toEqual([]);
      await viewer.leave(screen);
    }
  });
}
