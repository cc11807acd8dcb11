// npm test: sets up what is missing and runs every test, or those named: npm test -- 'packages/rfb/**/*.test.ts'
import { installDebianPackages } from "./debian-packages.mjs";
import { build, hand, installDependencies, pinnedNode } from "./set-up.mjs";

const everyTest = [
  "packages/*/src/**/*.test.ts",
  "apps/**/*.test.ts",
  "test/src/**/*.test.ts",
  "bench/src/**/*.test.ts",
  "packaging/src/**/*.test.ts",
];
const named = process.argv.slice(2);

await installDependencies();
if (named.length === 0) await installDebianPackages("test");
await build();
await hand(pinnedNode, [
  "--test",
  "--test-timeout=300000",
  ...(named.length > 0 ? named : everyTest),
]);
