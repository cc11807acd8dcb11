import { initLogging } from "../core/util/logging.js";
import { ConsolePage } from "./console-page.ts";
import { parsePageOptions } from "./page-options.ts";

const options = parsePageOptions(location.search, location.hash);
initLogging(options.logging);
const page = new ConsolePage(options, location.href);
if (options.autoconnect) page.connect();
