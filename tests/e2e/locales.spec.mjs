// Screens in every language: no text is missing, nothing falls back to its key, and the page says which
// language it is in and which way it runs. That each text is there in each language, and takes the same
// values, web/src/messages/messages.test.ts has looked at; here screens take turns, two languages each.
// English and Arabic are looked at on every screen, in screens.spec.mjs.
import { SCREENS } from './lib/screens.mjs';
import { expect, inLanguage, test } from './lib/stage.mjs';
import { LOCALES, wordFaults } from './lib/words.mjs';

test.describe.configure({ mode: 'parallel' });

const OTHERS = LOCALES.filter((name) => name !== 'en' && name !== 'ar');
const TURNS = OTHERS.length / 2;

for (const [turn, locale] of OTHERS.entries()) {
  test(`${locale}: its screens have all their words`, async ({ stage }) => {
    test.setTimeout(180_000);
    for (const screen of SCREENS.filter((_, i) => i % TURNS === turn % TURNS)) {
      const viewer = await stage(inLanguage(locale), screen.who);
      await viewer.show(screen);
      expect.soft(viewer.complaints, screen.name).toEqual([]);
      expect.soft(await wordFaults(viewer.page, locale, screen), screen.name).toEqual([]);
      await viewer.leave(screen);
    }
  });
}
