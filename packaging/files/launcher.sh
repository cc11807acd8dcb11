#!/bin/sh
# Runs @program@ on the Node.js of the package nova-console-nodejs, which exists for distributions whose own is too
# old; without it on the one of PATH.
node=/usr/lib/nova-console/nodejs/bin/node
if [ ! -x "$node" ]; then
  node=$(command -v node) || {
    echo "@program@: there is no Node.js: install nodejs 22.13 or later, or nova-console-nodejs" >&2
    exit 2
  }
fi
exec "$node" @share@/bin/@program@.cjs "$@"
