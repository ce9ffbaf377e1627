// Builds the portal into dist/, each file with its two compressed twins, and serves it while somebody works on it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const here = import.meta.dirname;
const service = process.env.VISION_TRAINING_ENDPOINT ?? "http://127.0.0.1:7071";

/** What the browser may ask for compressed lies compressed beside it: the service compresses nothing of this itself. */
const twins = () => ({
  name: "twins",
  apply: "build",
  closeBundle() {
    for (const entry of readdirSync(join(here, "dist"), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const content = readFileSync(path);
      writeFileSync(`${path}.br`, brotliCompressSync(content));
      writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    }
  },
});

export default defineConfig({
  root: here,
  base: "/portal/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [twins()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: join(here, "index.html"), auth: join(here, "auth.html") },
      // What the page needs at first is one file, which is smaller packed, and asked for once.
      output: { codeSplitting: { groups: [{ name: "index", tags: ["$initial"], test: /portal.src.(?!auth)|preact/ }] } },
    },
  },
  server: { proxy: Object.fromEntries(["/customvision", "/ocellus", "/devstoreaccount1", "/portal/config.json"].map((path) => [path, service])) },
});
