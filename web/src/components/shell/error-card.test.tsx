import { act, cleanup, render, screen } from "@testing-library/react";
import { IntlProvider } from "use-intl";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/lib/api/problem";

import core from "@/messages/en/core.json";

import { ErrorCard } from "./error-card";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function show(error: unknown, onRetry = vi.fn()) {
  render(<IntlProvider locale="en" messages={{ core }} timeZone="UTC"><ErrorCard error={error} onRetry={onRetry} /></IntlProvider>);
  return { retry: () => screen.getByRole<HTMLButtonElement>("button", { name: "Try again" }) };
}

describe("a card for what could not be loaded", () => {
  it("names the request, and can be tried again at once", () => {
    const { retry } = show(new ApiError(500, "internal_error", "Something broke.", "req-1", [], null));
    expect(screen.getByRole("alert").textContent).toContain("Something broke.");
    expect(screen.getByRole("alert").textContent).toContain("req-1");
    expect(retry().disabled).toBe(false);
  });

  it("counts down to when a limit allows the next try", () => {
    const { retry } = show(new ApiError(429, "rate_limited", "Too many.", "req-2", [], 3));
    expect(screen.getByRole("alert").textContent).toContain("in 3 seconds");
    expect(retry().disabled).toBe(true);
    act(() => vi.advanceTimersByTime(2_000));
    expect(screen.getByRole("alert").textContent).toContain("in 1 second");
    expect(retry().disabled).toBe(true);
    act(() => vi.advanceTimersByTime(2_000));
    expect(retry().disabled).toBe(false);
  });

  it("says what the server said where it names no time", () => {
    show(new ApiError(429, "rate_limited", "Too many.", null, [], null));
    expect(screen.getByRole("alert").textContent).toContain("Too many.");
  });
});
