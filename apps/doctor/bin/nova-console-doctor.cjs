#!/usr/bin/env node
require("@nova-console/service/require-node");
import("../dist/main.js");
