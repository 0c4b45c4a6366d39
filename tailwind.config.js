/** Classes come from templates and scripts; colours are the variables of static/input.css, one set per theme. */
module.exports = {
  content: ["./views/**/*.templ", "./views/ui/*.go", "./static/app.js"],
  corePlugins: { preflight: true },
  theme: {
    screens: { sm: "640px", md: "768px", lg: "1024px", xl: "1280px", "2xl": "1600px" },
    colors: {
      transparent: "transparent",
      current: "currentColor",
      bg: "var(--bg)",
      surface: "var(--surface)",
      sunken: "var(--sunken)",
      hover: "var(--hover)",
      ink: { DEFAULT: "var(--ink)", 2: "var(--ink-2)", 3: "var(--ink-3)" },
      line: { DEFAULT: "var(--border)", strong: "var(--border-strong)" },
      primary: { DEFAULT: "var(--primary)", strong: "var(--primary-strong)", on: "var(--on-primary)", soft: "var(--primary-soft)" },
      ring: "var(--ring)",
      ok: { DEFAULT: "var(--ok)", soft: "var(--ok-soft)" },
      warn: { DEFAULT: "var(--warn)", soft: "var(--warn-soft)" },
      err: { DEFAULT: "var(--err)", soft: "var(--err-soft)", on: "var(--on-err)", strong: "var(--err-strong)" },
      info: { DEFAULT: "var(--info)", soft: "var(--info-soft)" },
    },
    fontSize: {
      xs: ["12px", "16px"],
      sm: ["13px", "20px"],
      base: ["14px", "22px"],
      lg: ["16px", "24px"],
      xl: ["20px", "28px"],
      "2xl": ["24px", "32px"],
    },
    fontFamily: {
      sans: ["ui-sans-serif", "system-ui", '"Segoe UI"', "Roboto", '"Noto Sans"', '"PingFang SC"', '"Hiragino Sans GB"', '"Microsoft YaHei"', '"Noto Sans CJK SC"', "sans-serif"],
      mono: ["ui-monospace", "SFMono-Regular", '"JetBrains Mono"', "Consolas", '"Noto Sans Mono CJK SC"', "monospace"],
    },
    borderRadius: { none: "0", sm: "4px", DEFAULT: "6px", lg: "8px", xl: "12px", full: "9999px" },
    extend: { maxWidth: { page: "1600px", form: "880px" } },
  },
};
