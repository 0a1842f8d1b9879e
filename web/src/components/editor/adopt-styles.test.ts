import { StyleModule } from "style-mod";
import { describe, expect, it } from "vitest";

import { adoptStyles } from "./adopt-styles";

describe("adoptStyles", () => {
  it("has rules mounted without a style element, in one sheet beside those of others", () => {
    const own = new CSSStyleSheet();
    document.adoptedStyleSheets = [own];
    adoptStyles(document);
    adoptStyles(document);
    StyleModule.mount(document, new StyleModule({ ".a": { color: "red" } }));
    StyleModule.mount(document, new StyleModule({ ".b": { color: "blue" } }));
    expect(document.querySelector("style")).toBeNull();
    expect(document.adoptedStyleSheets).toHaveLength(2);
    expect(document.adoptedStyleSheets).toContain(own);
    const rules = document.adoptedStyleSheets.flatMap((sheet) => Array.from(sheet.cssRules, (rule) => rule.cssText)).join("\n");
    expect(rules).toContain(".a");
    expect(rules).toContain(".b");
  });
});
