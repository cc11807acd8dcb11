// npm start: sets up what is missing and shows the screen of an instance.
import path from "node:path";
import { build, hand, installDependencies, pinnedNode, root } from "./set-up.mjs";

await installDependencies();
await build();
const demo = path.join(root, "apps", "demo", "bin", "nova-console-demo.cjs");
await hand(pinnedNode, [demo, ...process.argv.slice(2)]);
