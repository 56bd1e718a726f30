// Puts what the pages take from npm where the hall serves it from, beside its licence.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "htmx.org");
const to = join(here, "..", "src", "hiringhall", "doors", "look", "built");

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
const script = readFileSync(join(from, "dist", "htmx.min.js"), "utf8");
// The map is not served: a browser's tools need not ask for it.
writeFileSync(join(to, "htmx.js"), script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
copyFileSync(join(from, "LICENSE"), join(to, "htmx.LICENSE.txt"));
