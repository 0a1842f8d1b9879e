"use client";

import { Select } from "@/components/ui/select";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { GROUPS, type SectionName, type SectionRow } from "./sections";

export interface SectionNavProps {
  sections: readonly SectionRow[];
  current: SectionName;
  onOpen: (name: SectionName) => void;
}

/** The sections as links beside what they show: where there is room for it. */
export function SectionLinks({ sections, current, onOpen }: SectionNavProps) {
  const t = useT("settings");
  return (
    <nav aria-label={t("tabs.label")} className="hidden w-52 shrink-0 gap-5 lg:flex lg:flex-col">
      {GROUPS.map((group) => {
        const rows = sections.filter((section) => section.group === group);
        if (!rows.length) return null;
        return (
          <div key={group} className="grid gap-1.5">
            <p id={`settings-${group}`} className="px-2.5 text-xs font-medium text-muted-foreground">{t(`groups.${group}`)}</p>
            <ul aria-labelledby={`settings-${group}`} className="grid gap-0.5">
              {rows.map(({ name, icon: Icon }) => (
                <li key={name}>
                  <Link
                    href={`/settings?tab=${name}`}
                    aria-current={name === current ? "page" : undefined}
                    onClick={(event) => {
                      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                      event.preventDefault();
                      onOpen(name);
                    }}
                    className="flex h-9 items-center gap-3 rounded-lg px-2.5 text-sm font-medium text-muted-foreground transition-colors hover:bg-muted hover:text-foreground aria-[current=page]:bg-primary-soft aria-[current=page]:text-primary-soft-foreground"
                  >
                    <Icon aria-hidden="true" className="size-4.5 shrink-0" />
                    {t(`tabs.${name}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

/** The same as a select, on narrow screens. */
export function SectionSelect({ sections, current, onOpen }: SectionNavProps) {
  const t = useT("settings");
  return (
    <Select
      className="lg:hidden"
      aria-label={t("tabs.label")}
      value={current}
      onChange={(event) => {
        const row = sections.find(({ name }) => name === event.target.value);
        if (row) onOpen(row.name);
      }}
    >
      {GROUPS.map((group) => {
        const rows = sections.filter((section) => section.group === group);
        if (!rows.length) return null;
        return (
          <optgroup key={group} label={t(`groups.${group}`)}>
            {rows.map(({ name }) => <option key={name} value={name}>{t(`tabs.${name}`)}</option>)}
          </optgroup>
        );
      })}
    </Select>
  );
}
