// npm test: sets up what is missing and runs every test, or those named: npm test -- 'packages/rfb/**/*.test.ts'
import { installDebianPackages } from "./debian-packages.mjs";
import { build, hand, installDependencies, pinnedNode, say } from "./set-up.mjs";

const everyTest = [
  "packages/*/src/**/*.test.ts",
  "apps/**/*.test.ts",
  "packaging/src/!(guide).test.ts",
  "packaging/src/!(testing)/!(installed-*).test.ts",
  "test/src/!(hanging-names|newer-broker).test.ts",
  "bench/src/**/*.test.ts",
];
/** They mount, and start machines with a systemd of their own. */
const testsOfRoot = [
  "test/src/hanging-names.test.ts",
  "test/src/newer-broker.test.ts",
  "packaging/src/guide.test.ts",
  "packaging/src/*/installed-*.test.ts",
  "packaging/src/testing/*.test.ts",
];
const named = process.argv.slice(2);

await installDependencies();
if (named.length === 0) await installDebianPackages("test");
await build();
const isRoot = process.getuid?.() === 0;
if (named.length === 0 && !isRoot) {
  say(
    "Without root the tests of installed packages, of names that hang and of a newer broker cannot run; they are left out.",
  );
}
await hand(pinnedNode, [
  "--test",
  "--test-timeout=300000",
  ...(named.length > 0 ? named : [...everyTest, ...(isRoot ? testsOfRoot : [])]),
]);
