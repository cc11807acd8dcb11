// npm run package:rpm, npm run package:deb: sets up what is missing and builds the packages into packaging/build, see packaging/README.md
import path from "node:path";
import { build, fail, hand, installDependencies, pinnedNode, root } from "./set-up.mjs";

const [family, ...more] = process.argv.slice(2);
if (!["rpm", "deb"].includes(family ?? "") || more.length > 0) {
  fail("usage: node scripts/package.mjs rpm|deb");
}

await installDependencies();
await build();
await hand(pinnedNode, [path.join(root, "packaging", "src", `package-${family}.ts`)]);
