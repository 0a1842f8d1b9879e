import { describe, expect, it } from "vitest";

import { choicesFor } from "./share-dialog";

const agent = { user_id: "ada", visibility: "organization", status: "published" } as const;

describe("whom an agent can be opened to", () => {
  it("is for its creator to say, as far as they may", () => {
    expect(choicesFor(agent, { id: "ada", permissions: ["agents:write", "agents:share"] })).toEqual(["private", "organization", "public"]);
    expect(choicesFor(agent, { id: "ada", permissions: ["agents:write"] })).toEqual(["private", "organization"]);
  });

  it("leaves privacy to the creator", () => {
    expect(choicesFor(agent, { id: "bob", permissions: ["agents:share", "agents:delete"] })).toEqual(["organization", "public"]);
  });

  it("shows what is, whoever looks", () => {
    expect(choicesFor({ ...agent, visibility: "public" }, { id: "bob", permissions: [] })).toEqual(["organization", "public"]);
    expect(choicesFor({ ...agent, status: "draft" }, { id: "ada", permissions: ["agents:share"] })).toEqual(["private", "organization"]);
  });
});
