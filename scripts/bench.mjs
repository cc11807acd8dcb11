// npm run bench: sets up what is missing and measures, see bench/README.md: npm run bench -- --quick
import path from "node:path";
import { installDebianPackages } from "./debian-packages.mjs";
import { build, hand, installDependencies, pinnedNode, root } from "./set-up.mjs";

await installDependencies();
await installDebianPackages("bench");
await build();
await hand(pinnedNode, [path.join(root, "bench", "src", "main.ts"), ...process.argv.slice(2)]);
