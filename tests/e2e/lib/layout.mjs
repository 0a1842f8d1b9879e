// What is wrong with how a screen is laid out, as a person with a ruler would find it. Runs in the page.

/** Complaints about the page as it stands: [text]. */
export function layoutFaults() {
  const faults = new Set();
  const root = document.documentElement;
  const width = root.clientWidth;
  const nameOf = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().replaceAll(/\s+/g, ' ').slice(0, 50);
    return `<${element.tagName.toLowerCase()}${element.getAttribute('role') ? ` role=${element.getAttribute('role')}` : ''}> “${text}”`;
  };
  const isShown = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const { width: w, height: h } = element.getBoundingClientRect();
    // What only a screen reader is told is clipped away, or a pixel large.
    return w > 2 && h > 2 && getComputedStyle(element).clipPath === 'none';
  };
  /** Whether something around it hides or scrolls what sticks out, so that the page does not. */
  const isContained = (element) => {
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      const { overflowX, position, clipPath } = getComputedStyle(at);
      if (overflowX !== 'visible' || clipPath !== 'none') return true;
      if (position === 'fixed') return false;
    }
    return false;
  };

  if (root.scrollWidth > width) faults.add(`the page scrolls sideways: ${root.scrollWidth} of ${width} px`);
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('svg') !== null && element.tagName !== 'svg') continue;
    if (!sticksOut(element) || sticksOut(element.parentElement) || !isShown(element) || isContained(element)) continue;
    const { left, right } = element.getBoundingClientRect();
    faults.add(`outside of the page (${Math.round(left)}…${Math.round(right)} of ${width}): ${nameOf(element)}`);
  }
  // Words that do not fit into what holds them, and are neither wrapped nor shortened.
  for (const element of document.body.querySelectorAll('button, [role=tab], [role=radio], label, th, h1, h2, h3, dt')) {
    const style = getComputedStyle(element);
    if (!isShown(element) || element.scrollWidth <= element.clientWidth + 1 || style.display === 'inline') continue;
    if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') continue;
    // A mark at its corner may stand over its edge.
    if ([...element.querySelectorAll('*')].some((child) => getComputedStyle(child).position === 'absolute')) continue;
    faults.add(`its text does not fit (${element.scrollWidth} in ${element.clientWidth} px): ${nameOf(element)}`);
  }
  // A control that something else lies on cannot be pressed.
  for (const element of document.body.querySelectorAll('button, a[href], input, select, textarea, [role=tab], [role=switch]')) {
    if (!isShown(element) || element.closest('[inert], [aria-hidden=true]') || element.disabled) continue;
    if (getComputedStyle(element).pointerEvents === 'none' || isScrolledAway(element)) continue;
    const cover = coverOf(element);
    if (!cover) continue;
    // What hovers over the page may lie on it for as long as one can scroll it free.
    const before = [scrollX, scrollY];
    if (hovers(cover)) element.scrollIntoView({ block: 'center' });
    if (coverOf(element)) faults.add(`covered by ${nameOf(cover)}: ${nameOf(element)}`);
    scrollTo(...before);
  }
  return [...faults];

  function sticksOut(element) {
    const { left, right } = element.getBoundingClientRect();
    return left < -1 || right > width + 1;
  }

  function coverOf(element) {
    const { left, top, width: w, height: h } = element.getClientRects()[0] ?? element.getBoundingClientRect();
    const [x, y] = [left + w / 2, top + h / 2];
    if (x < 0 || y < 0 || x > width || y > innerHeight) return null;
    const hit = document.elementFromPoint(x, y);
    if (!hit || element.contains(hit) || hit.contains(element) || element.labels?.[0]?.contains(hit)) return null;
    // An open menu or dialog lies on what is behind it, which may be another one.
    const overlay = hit.closest('[role=dialog], [role=menu], [role=listbox]');
    return overlay && !overlay.contains(element) ? null : hit;
  }

  function hovers(element) {
    for (let at = element; at; at = at.parentElement) if (/fixed|sticky/.test(getComputedStyle(at).position)) return true;
    return false;
  }

  function isScrolledAway(element) {
    const own = element.getBoundingClientRect();
    const [x, y] = [own.left + own.width / 2, own.top + own.height / 2];
    for (let at = element.parentElement; at; at = at.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(at);
      if (overflowX === 'visible' && overflowY === 'visible') continue;
      const box = at.getBoundingClientRect();
      if (at !== document.body && (x < box.left || x > box.right || y < box.top || y > box.bottom)) return true;
    }
    return false;
  }
}
