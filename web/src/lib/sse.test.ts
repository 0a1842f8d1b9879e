import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readEvents, type StreamEvent } from "./sse";

function bodyOf(chunks: readonly Uint8Array[], ended: () => void = () => undefined): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = rest.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: ended,
  });
}

async function all(body: ReadableStream<Uint8Array>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

/** Cuts the bytes at these places, wherever that is in a character. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.slice(from, places[i]));
}

const frame = ({ event, id, data }: StreamEvent, end: string) =>
  [`event: ${event}`, ...(id === undefined ? [] : [`id: ${id}`]), `data: ${JSON.stringify(data)}`, "", ""].join(end);

const SAMPLE: StreamEvent[] = [
  { event: "run.started", id: "0", data: { run_id: "r", model: "sandbox/sandbox" } },
  { event: "delta", id: "7", data: { text: "Grüße 👋🏽 " } },
  { event: "delta", id: "9", data: { text: "行\n行\r\u2028" } },
  { event: "run.completed", id: "end", data: { response: "…" } },
];

const event = fc.record({
  event: fc.constantFrom("delta", "run.started", "x"),
  id: fc.option(fc.stringMatching(/^[0-9a-z]{1,8}$/), { nil: undefined }),
  data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
});

describe("readEvents", () => {
  it("reads the same wherever the bytes are cut in two", async () => {
    for (const end of ["\n", "\r\n"]) {
      const bytes = new TextEncoder().encode(SAMPLE.map((one) => frame(one, end)).join(": beat\n\n"));
      for (let at = 0; at <= bytes.length; at++) expect(await all(bodyOf(cut(bytes, [at]))), `${at}`).toEqual(SAMPLE);
      expect(await all(bodyOf(cut(bytes, Array.from(bytes.keys()))))).toEqual(SAMPLE);
    }
  });

  it("reads any events from any pieces", async () => {
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 6 }), fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.nat(), { maxLength: 20 }), async (events, end, at) => {
      const bytes = new TextEncoder().encode(events.map((one) => frame(one, end)).join("") + ":\n\n");
      expect(await all(bodyOf(cut(bytes, at)))).toEqual(events);
    }));
  });

  it("leaves out a frame that never ended", async () => {
    const bytes = new TextEncoder().encode('event: delta\ndata: {"text":"a"}\n\nevent: delta\ndata: {"text":"b"}\n');
    expect(await all(bodyOf([bytes]))).toEqual([{ event: "delta", id: undefined, data: { text: "a" } }]);
  });

  it("throws at data that is no JSON, and hangs up", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: {oops\n\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    await expect(all(body)).rejects.toThrow(SyntaxError);
    expect(cancelled).toBe(true);
  });

  it("hangs up when its reader leaves", async () => {
    let cancelled = false;
    const bytes = new TextEncoder().encode(frame(SAMPLE[0] as StreamEvent, "\n"));
    for await (const _event of readEvents(bodyOf([bytes, bytes, bytes], () => { cancelled = true; }))) break;
    expect(cancelled).toBe(true);
  });
});
