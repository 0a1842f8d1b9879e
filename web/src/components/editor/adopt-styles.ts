import { StyleModule } from "style-mod";

const done = new WeakSet<Document>();

/**
 * Lets CodeMirror style a document under a content security policy that refuses `<style>`. Its style module
 * uses a constructed sheet where the root has no head, such as a shadow root, and a `<style>` element
 * elsewhere; it asks once per root and remembers its answer there under a symbol. So it is asked about
 * something without a head first, and the document is given that answer. Call it before the first editor.
 */
export function adoptStyles(page: Document): void {
  if (done.has(page)) return;
  done.add(page);
  const headless = {
    ownerDocument: page,
    get adoptedStyleSheets() {
      return page.adoptedStyleSheets;
    },
    set adoptedStyleSheets(sheets: CSSStyleSheet[]) {
      page.adoptedStyleSheets = sheets;
    },
  };
  StyleModule.mount(headless as unknown as ShadowRoot, []);
  for (const key of Object.getOwnPropertySymbols(headless)) Reflect.set(page, key, Reflect.get(headless, key));
}
