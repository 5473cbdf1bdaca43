import js from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";
import vue from "eslint-plugin-vue";

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "src/wire/protocol.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,vue}"],
    extends: [...tseslint.configs.strictTypeChecked, ...vue.configs["flat/recommended"]],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        parser: tseslint.parser,
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".vue"],
      },
    },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/html-indent": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/block-order": ["error", { order: ["script", "template", "style"] }],
      "vue/multi-word-component-names": "off",
      // The node's security policy refuses style attributes: bind properties through :style, never write one.
      "vue/no-static-inline-styles": ["error", { allowBinding: false }],
      "vue/no-v-html": "error",
      // What the page says stands in src/messages, in every language.
      "vue/no-bare-strings-in-template": ["error", { allowlist: [":", "·", "…", "/", "samovar up --role gpu"] }],
    },
  },
  {
    // Types that come out of a .vue file are known to vue-tsc alone: `npm run typecheck` holds these rules there.
    files: ["**/*.vue", "src/main.ts", "src/router.ts", "src/**/*.test.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
