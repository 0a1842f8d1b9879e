import {
  Bot, Database, FileJson, GitPullRequest, GraduationCap, Handshake, Headset, Languages, Map as MapIcon, NotebookPen, PackageSearch, PenLine, Rocket, Scale,
  Siren, Sparkles, Split, Tags, UserSearch, type LucideIcon,
} from "lucide-react";

/** The icons that templates name; written out, because the whole set would weigh more than the page. */
const ICONS: Readonly<Record<string, LucideIcon>> = {
  "database": Database,
  "file-json": FileJson,
  "git-pull-request": GitPullRequest,
  "graduation-cap": GraduationCap,
  "handshake": Handshake,
  "headset": Headset,
  "languages": Languages,
  "map": MapIcon,
  "notebook-pen": NotebookPen,
  "package-search": PackageSearch,
  "pen-line": PenLine,
  "rocket": Rocket,
  "scale": Scale,
  "siren": Siren,
  "sparkles": Sparkles,
  "split": Split,
  "tags": Tags,
  "user-search": UserSearch,
};

export function templateIcon(name: string): LucideIcon {
  return ICONS[name] ?? Bot;
}

export function hasTemplateIcon(name: string): boolean {
  return Object.hasOwn(ICONS, name);
}
