// Going through a page with the Tab key, with an eye on where the focus is.
import { expect } from '@playwright/test';

const MOST = 80;

/** In the page: what has the focus, whether somebody can see that it has, where it is in its form, and whether it is among `targets`. */
function focused(targets) {
  const element = document.activeElement;
  const ringed = (node) => [null, '::before', '::after'].some((part) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(node, part);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  });
  let shown = element;
  // The ring may stand around what holds the control.
  for (let up = 0; up < 5 && shown && !ringed(shown); up += 1) shown = shown.parentElement;
  const ring = Boolean(shown) && ringed(shown);
  const { left, right, top, bottom } = (ring ? shown : element).getBoundingClientRect();
  const [x1, x2, y1, y2] = [Math.max(left, 0), Math.min(right, innerWidth), Math.max(top, 0), Math.min(bottom, innerHeight)];
  const over = document.elementFromPoint((x1 + x2) / 2, (y1 + y2) / 2);
  const form = element.closest('section[aria-labelledby]');
  return {
    reached: targets.includes(element),
    name: (element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent).trim().slice(0, 50),
    ring,
    inView: x2 > x1 && y2 > y1,
    covered: !over || !(shown ?? element).contains(over) && !over.contains(element),
    form: form?.getAttribute('aria-labelledby') ?? null,
    top: top + scrollY,
    bottom: bottom + scrollY,
  };
}

/** Presses Tab until `target` has the focus. Every stop on the way shows that it has it; inside a form no stop lies above the one before. */
export async function tabTo(page, target, { most = MOST } = {}) {
  const stops = [];
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await target.evaluateAll(focused);
    expect(stop, `the focus can be seen on “${stop.name}”`).toMatchObject({ ring: true, inView: true, covered: false });
    const before = stops.at(-1);
    if (before && before.form !== null && before.form === stop.form) expect(stop.bottom, `${stop.name} after ${before.name}`).toBeGreaterThan(before.top);
    stops.push(stop);
    if (stop.reached) return stops;
  }
  throw new Error(`${most} Tabs do not lead to ${target}: ${stops.map(({ name }) => name).join(' → ')}`);
}

/** Goes to a control and presses it. */
export async function tabAndPress(page, target, key = 'Enter') {
  await tabTo(page, target);
  await page.keyboard.press(key);
}
