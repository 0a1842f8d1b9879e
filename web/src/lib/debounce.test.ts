import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { useDebounced } from "./debounce";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function typing(value = "") {
  const asked = vi.fn();
  const hook = renderHook(({ known }) => useDebounced(known, asked), { initialProps: { known: value } });
  return {
    asked,
    text: () => hook.result.current[0],
    type: (text: string) => act(() => hook.result.current[1](text)),
    pause: () => act(() => vi.runAllTimers()),
    become: (known: string) => hook.rerender({ known }),
  };
}

describe("a text that is typed here and known elsewhere", () => {
  it("is told when the typing pauses, trimmed", () => {
    const field = typing();
    field.type("sh");
    field.type("shoes ");
    expect(field.text()).toBe("shoes ");
    expect(field.asked).not.toHaveBeenCalled();
    field.pause();
    expect(field.asked.mock.calls).toEqual([["shoes"]]);
  });

  it("is not asked for again because of a space", () => {
    const field = typing("shoes");
    field.type("shoes ");
    field.pause();
    expect(field.asked).not.toHaveBeenCalled();
  });

  it("follows what changes elsewhere", () => {
    const field = typing("shoes");
    field.become("");
    field.pause();
    expect(field.text()).toBe("");
    expect(field.asked).not.toHaveBeenCalled();
  });

  it("keeps what was typed while its own asking came back", () => {
    const field = typing();
    field.type("sh");
    field.pause();
    field.type("shoe");
    field.become("sh");
    expect(field.text()).toBe("shoe");
    field.pause();
    expect(field.asked.mock.calls).toEqual([["sh"], ["shoe"]]);
  });
});
