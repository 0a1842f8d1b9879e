import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { Appearance } from "@/components/shell/appearance";
import { LOCALE_SCRIPT } from "@/lib/i18n-config";

import "./globals.css";

export const metadata: Metadata = {
  title: { default: "agentgen", template: "%s · agentgen" },
  description: "Build, test and run AI agents",
  applicationName: "agentgen",
  robots: { index: false },
  icons: { icon: "/icon.svg" },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fafbfc" },
    { media: "(prefers-color-scheme: dark)", color: "#0c0e14" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // Language, direction, theme and accent are set before the first paint, by scripts and not by React.
    <html lang="en" dir="ltr" suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: LOCALE_SCRIPT }} />
      </head>
      <body>
        <Appearance>{children}</Appearance>
      </body>
    </html>
  );
}
