const FOCUSABLE = 'input:not([type="hidden"]):not(:disabled), textarea:not(:disabled), select:not(:disabled), [contenteditable="true"], [role="slider"], button:not(:disabled)';

/** The heading over what is in the way of publishing. */
export const MISTAKES_ID = "mistakes";

/** Puts the focus on an element by its id. */
export function focusId(id: string): boolean {
  const element = document.getElementById(id);
  element?.focus({ preventScroll: true });
  return element !== null;
}

/** Puts the focus on the control of a field (`data-field`), or of the nearest one that holds it. */
export function focusField(path: string): boolean {
  const parts = path.split(".");
  for (let length = parts.length; length > 0; length--) {
    const holder = document.querySelector(`[data-field="${CSS.escape(parts.slice(0, length).join("."))}"]`);
    const controls = [...(holder?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])];
    // The tools beside a label come before its control, so what one types in is preferred to a button.
    const control = controls.find((one) => one.tagName !== "BUTTON") ?? controls.at(-1);
    if (!control) continue;
    control.focus({ preventScroll: true });
    control.scrollIntoView({ block: "center" });
    return true;
  }
  return false;
}
