import { afterEach, describe, expect, it, vi } from "vitest";

import { apiFetch } from "./client";
import { onReauthentication, type AskAgain } from "./reauthenticate";

const REFUSED = { status: 403, code: "reauthentication_required", title: "Prove who you are once more", type: "about:blank", request_id: "r1" };

/** A server that wants a recent sign-in until it has heard of one; tells what bodies it got. */
function server(recent: () => boolean) {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    bodies.push(await request.text());
    return recent() ? new Response(null, { status: 204 }) : new Response(JSON.stringify(REFUSED), { status: 403 });
  });
  return bodies;
}

const change = (email: string) => new Request("http://agentgen.test/v1/auth/change-email", { method: "POST", body: JSON.stringify({ email }) });

let forget: (() => void) | null = null;
const asks = (answer: AskAgain) => {
  forget = onReauthentication(answer);
};

afterEach(() => {
  forget?.();
  forget = null;
  vi.unstubAllGlobals();
});

describe("a call that wants a recent sign-in", () => {
  it("is made again with the same body once the person has proved who they are", async () => {
    let recent = false;
    const bodies = server(() => recent);
    asks(async () => (recent = true));
    expect((await apiFetch(change("ada@new.test"))).status).toBe(204);
    expect(bodies).toEqual(['{"email":"ada@new.test"}', '{"email":"ada@new.test"}']);
  });

  it("fails as the server said when they did not", async () => {
    const bodies = server(() => false);
    asks(async () => false);
    await expect(apiFetch(change("ada@new.test"))).rejects.toMatchObject({ status: 403, code: "reauthentication_required" });
    expect(bodies).toHaveLength(1);
  });

  it("fails where nobody can be asked", async () => {
    server(() => false);
    await expect(apiFetch(change("ada@new.test"))).rejects.toMatchObject({ code: "reauthentication_required" });
  });

  it("asks once for all that wait, and again the next time", async () => {
    let recent = false;
    server(() => recent);
    const ask = vi.fn(async () => (recent = true));
    asks(ask);
    await Promise.all([apiFetch(change("a@new.test")), apiFetch(change("b@new.test"))]);
    expect(ask).toHaveBeenCalledTimes(1);
    recent = false;
    await apiFetch(change("c@new.test"));
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it("does not ask for ever when the server does not believe it", async () => {
    const bodies = server(() => false);
    const ask = vi.fn(async () => true);
    asks(ask);
    await expect(apiFetch(change("ada@new.test"))).rejects.toMatchObject({ code: "reauthentication_required" });
    expect(ask).toHaveBeenCalledTimes(1);
    expect(bodies).toHaveLength(2);
  });

  it("is the only one that asks", async () => {
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ ...REFUSED, code: "forbidden" }), { status: 403 }));
    const ask = vi.fn(async () => true);
    asks(ask);
    await expect(apiFetch(change("ada@new.test"))).rejects.toMatchObject({ code: "forbidden" });
    expect(ask).not.toHaveBeenCalled();
  });
});
