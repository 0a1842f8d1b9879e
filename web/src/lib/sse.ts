import { createParser, type EventSourceMessage } from "eventsource-parser";

import { apiFetch } from "./api/client";

/** One server-sent event, its data parsed. `id` is what to send as Last-Event-ID to go on behind it. */
export interface StreamEvent {
  event: string;
  id: string | undefined;
  data: unknown;
}

export interface StreamRequest {
  path: string;
  method?: "GET" | "POST";
  body?: unknown;
  signal: AbortSignal;
  lastEventId?: string | undefined;
  /** "omit": asked as nobody, whoever is signed in here. */
  credentials?: RequestCredentials;
}

function requestOf({ path, method = "POST", body, signal, lastEventId, credentials = "same-origin" }: StreamRequest): Request {
  const headers = new Headers({ Accept: "text/event-stream" });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (lastEventId !== undefined) headers.set("Last-Event-ID", lastEventId);
  const init: RequestInit = { method, headers, signal, credentials, cache: "no-store" };
  if (body !== undefined) init.body = JSON.stringify(body);
  return new Request(new URL(path, window.location.origin), init);
}

function parseEvent(message: EventSourceMessage): StreamEvent {
  return { event: message.event ?? "message", id: message.id, data: JSON.parse(message.data) as unknown };
}

/** Decodes a body of server-sent events, however its bytes are cut. Ends when the body does. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void, undefined> {
  const ready: StreamEvent[] = [];
  const parser = createParser({ onEvent: (message) => ready.push(parseEvent(message)) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    // The consumer may leave early: the connection must not go on for nobody.
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Opens a stream of the API and yields its events as they come. Throws an ApiError when the server
 * refuses, an AbortError when `signal` fires. Whether a terminal event came is the caller's question:
 * a connection can end without one.
 */
export async function* openStream(request: StreamRequest): AsyncGenerator<StreamEvent, void, undefined> {
  const response = await apiFetch(requestOf(request));
  if (response.body) yield* readEvents(response.body);
}
