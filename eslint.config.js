import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const noBareTime = [
  { object: "Date", property: "now", message: "Take a Clock (engine/foundation/clock.ts)." },
  { object: "Math", property: "random", message: "Take a source of randomness as a parameter." },
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "coverage/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 400, skipComments: true, skipBlankLines: true }],
      "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
      "max-params": ["error", 3],
      complexity: ["error", 12],
      "max-depth": ["error", 3],
      "no-console": "error",
      "no-restricted-properties": ["error", ...noBareTime],
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Take a Clock." },
        { selector: "TSEnumDeclaration", message: "Use a union of strings." },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // Clocks, randomness and consoles have one home each; tests and scripts wire real ones.
    files: ["engine/foundation/clock.ts", "tests/**", "scripts/**", "*.config.*"],
    rules: { "no-restricted-properties": "off", "no-restricted-syntax": "off", "no-console": "off" },
  },
  {
    files: ["tests/**"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        Buffer: "readonly",
        URL: "readonly",
        fetch: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        AbortController: "readonly",
        TextDecoder: "readonly",
        TextEncoder: "readonly",
        performance: "readonly",
      },
    },
  },
  {
    // A declaration that adds to one of the browser's has to repeat its type parameters.
    files: ["**/*.d.ts"],
    rules: { "@typescript-eslint/no-unused-vars": "off" },
  },
  { files: ["*.config.*", "eslint.config.js"], rules: { "no-restricted-exports": "off" } },
);
