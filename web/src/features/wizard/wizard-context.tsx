"use client";

import { createContext, useContext } from "react";
import type { UseFormReturn } from "react-hook-form";

import type { Agent, AgentDraft } from "@/lib/api/schema";

import type { AgentForm } from "./agent-form";
import type { Autosaver } from "./autosave";
import type { Step } from "./steps";
import type { Publishing } from "./use-publish";
import type { ProposalControl } from "./use-proposal";

export interface Wizard {
  /** As the server last told it. */
  agent: Agent;
  form: UseFormReturn<AgentForm>;
  saver: Autosaver<AgentDraft>;
  proposal: ProposalControl;
  publishing: Publishing;
  step: Step;
  seen: ReadonlySet<Step>;
  /** The sentence that the agent began with, or "". */
  sentence: string;
  /** Shows a step; with a path, its field gets the focus. */
  goTo: (step: Step, path?: string) => void;
}

export const WizardContext = createContext<Wizard | null>(null);

export function useWizard(): Wizard {
  const wizard = useContext(WizardContext);
  if (!wizard) throw new Error("useWizard() stands outside of the wizard");
  return wizard;
}
