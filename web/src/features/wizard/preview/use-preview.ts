"use client";

import { useState } from "react";
import type { UseFormReturn } from "react-hook-form";

import type { Preview as PreviewBody } from "@/lib/api/schema";
import { useChat, type Chat } from "@/lib/chat";
import { readRun } from "@/lib/run-events";
import { openStream } from "@/lib/sse";

import { formToConfig, type AgentForm } from "../agent-form";
import { explaining } from "./explain";
import { valuesToSend, type TestValues } from "./test-values";

export interface Preview {
  chat: Chat;
  values: TestValues;
  setValue: (name: string, value: string) => void;
  /** The configuration that the last answer was given with, as JSON; null before the first. */
  answeredWith: string | null;
  restart: () => void;
}

/** Most turns that a call takes along. */
const HISTORY_MAX = 200;

export function previewBody(form: AgentForm, values: TestValues): Pick<PreviewBody, "config" | "variables"> {
  return { config: formToConfig(form), variables: valuesToSend(form.config.variables, values) };
}

/** A conversation with what is in the form at the moment of asking, saved or not. */
export function usePreview(form: UseFormReturn<AgentForm>): Preview {
  const [values, setValues] = useState<TestValues>({});
  const [answeredWith, setAnsweredWith] = useState<string | null>(null);
  const chat = useChat({
    send: ({ input, history, signal }) => {
      const now = form.getValues();
      setAnsweredWith(JSON.stringify(formToConfig(now)));
      const body: PreviewBody = { ...previewBody(now, values), input_text: input, messages: history.slice(-HISTORY_MAX), stream: true };
      return explaining(readRun(openStream({ path: "/v1/ai/preview", body, signal })));
    },
  });
  return {
    chat,
    values,
    setValue: (name, value) => setValues((before) => ({ ...before, [name]: value })),
    answeredWith,
    restart: () => {
      chat.load();
      setAnsweredWith(null);
    },
  };
}
