import js from "@eslint/js";
import globals from "globals";

const JS = "pix2pix/web/canvas/js";

/** Files of `folder` import nothing from the folders above it. */
const below = (folder, above) => ({
  files: [`${JS}/${folder}/**`],
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: above, message: `${folder}/ stands below it` }] }] },
});

export default [
  js.configs.recommended,
  {
    files: [`${JS}/**/*.js`, "pix2pix/web/pen/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" },
  },
  { files: ["pix2pix/site/*.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["tests/web/js/**"], languageOptions: { globals: globals.node } },
  below("model", ["**/net/**", "**/view/**", "**/browser/**"]),
  below("net", ["**/view/**", "**/browser/**"]),
  below("view", ["**/browser/**"]),
];
