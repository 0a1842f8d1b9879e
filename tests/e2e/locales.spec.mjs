// Every screen in every language: no text is missing, nothing falls back to its key, and the page says
// which language it is in and which way it runs. English and Arabic are looked at in screens.spec.mjs.
import { SCREENS } from './lib/screens.mjs';
import { expect, inLanguage, test } from './lib/stage.mjs';
import { LOCALES, wordFaults } from './lib/words.mjs';

test.describe.configure({ mode: 'parallel' });
test.use({ trace: 'off' });

for (const locale of LOCALES.filter((name) => name !== 'en' && name !== 'ar')) {
  test(`${locale}: every screen has all its words`, async ({ stage }) => {
    test.setTimeout(180_000);
    for (const screen of SCREENS) {
      const viewer = await stage(inLanguage(locale), screen.who);
      await viewer.show(screen);
      expect.soft(viewer.complaints, screen.name).toEqual([]);
      expect.soft(await wordFaults(viewer.page, locale, screen), screen.name).toEqual([]);
      await viewer.leave(screen);
    }
  });
}
