// Loaded before anything else by each program, so it must parse on a Node that is far too old.
// 22.13 is the first to have node:sqlite without a flag.
var found = process.versions.node.split(".").map(Number);
if (found[0] < 22 || (found[0] === 22 && found[1] < 13)) {
  process.stderr.write(
    "needs Node.js 22.13 or later, but this is " +
      process.version +
      " (" +
      process.execPath +
      ")\n",
  );
  process.exit(2);
}

// Node.js 22 says of node:sqlite, in the journal of each start, that it is experimental; 24 does not.
var emitWarning = process.emitWarning;
process.emitWarning = function (warning) {
  if (!/^SQLite is an experimental feature/.test(String(warning))) {
    emitWarning.apply(process, arguments);
  }
};
