import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const router = {
  group: ["next/navigation", "next/link", "next/router"],
  message: "Screens stay router-neutral: use @/lib/nav.",
};
const data = {
  group: ["@/lib/api/*", "@/features/*", "@tanstack/react-query"],
  message: "components/ui is a leaf: it fetches nothing and knows no feature.",
};

export default tseslint.config(
  { ignores: ["out/**", ".next/**", "node_modules/**", "next-env.d.ts", "src/lib/api/schema.d.ts"] },
  ...tseslint.configs.strict,
  jsxA11y.flatConfigs.recommended,
  {
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "no-restricted-imports": ["error", { patterns: [router] }],
      "no-console": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  { files: ["src/lib/nav.tsx"], rules: { "no-restricted-imports": "off" } },
  { files: ["src/components/ui/**"], rules: { "no-restricted-imports": ["error", { patterns: [router, data] }] } },
  { files: ["*.mjs", "dev.mjs"], rules: { "no-console": "off" } },
);
