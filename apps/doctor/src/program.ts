import { optionGroups } from "@nova-console/config";
import type { CommandOption, ToolContext, ToolSpec } from "@nova-console/service";
import { examineFirewall } from "./command-firewall.ts";
import { examineHost } from "./command-check.ts";
import { examineMigration, gatherHostFacts } from "./command-migration.ts";
import { formatReport, statusOf, type Report } from "./report.ts";

const json: CommandOption = { type: "flag", help: "Print one JSON document instead of text." };
const NO_TERMINAL_COLUMNS = 100;

/** What of nova.conf the command line may say, as the units and their sysconfig files do. */
const { config_file, config_dir, state_path, web, cert, key, ssl_only } = optionGroups.DEFAULT;

/** Describes nova-console-doctor for `runTool`. */
export const program: ToolSpec = {
  program: "nova-console-doctor",
  summary:
    "Find what keeps consoles from opening, and say how to mend it. Without a command: check. Exit status: 0 no faults, 1 faults, 2 wrong usage or input that cannot be read, 3 a firewall or a pair of hosts that could not be judged.",
  optionGroups: { DEFAULT: { config_file, config_dir, state_path, web, cert, key, ssl_only } },
  configOf: "nova-novncproxy",
  defaultCommand: "check",
  commands: [
    {
      name: "check",
      usage: "check [--compute HOST[:PORT]]... [--user NAME] [--json]",
      summary:
        "Look at this proxy host: nova.conf, ports, certificate, base URLs, token store, ...",
      options: {
        compute: {
          type: "string",
          placeholder: "HOST[:PORT]",
          repeatable: true,
          help: "A VNC server to try (port 5900). May be given more than once. Without it: those that live tokens lead to.",
        },
        user: {
          type: "string",
          placeholder: "NAME",
          help: "User that the services run as; nova if not given.",
        },
        json,
      },
      run: (context) => tell(context, examineHost(context)),
    },
    {
      name: "firewall",
      usage: "firewall [--rules FILE] [--family ipv4|ipv6|both] [--port N]... [--json]",
      summary:
        "Say whether viewers get through the firewall to 6080 and 6081, or which line is missing where.",
      options: {
        rules: {
          type: "string",
          placeholder: "FILE",
          help: "Look at this instead of what is in force: /etc/sysconfig/iptables, what iptables-save or nft -j list ruleset printed, a zone's XML file of firewalld; - for standard input.",
        },
        family: {
          type: "string",
          placeholder: "FAMILY",
          help: "ipv4, ipv6 or both. Without it: what the proxies listen on.",
        },
        port: {
          type: "string",
          placeholder: "N",
          repeatable: true,
          help: "Port to look at instead of those of nova.conf. May be given more than once.",
        },
        json,
      },
      run: (context) => tell(context, examineFirewall(context)),
    },
    {
      name: "facts",
      usage: "facts [--peer NAME]... [--connect URI]",
      summary: "On a compute host: print what migration needs to know of it, as JSON.",
      options: {
        peer: {
          type: "string",
          placeholder: "NAME",
          repeatable: true,
          help: "Name of the other compute host, to see how it resolves here. May be given more than once.",
        },
        connect: {
          type: "string",
          placeholder: "URI",
          help: "libvirt to ask; qemu:///system if not given.",
        },
      },
      run: async (context) => {
        const facts = await gatherHostFacts(context);
        context.print(`${JSON.stringify(facts, null, 2)}\n`);
        return 0;
      },
    },
    {
      name: "migration",
      usage: "migration SOURCE.json DESTINATION.json [--json]",
      summary:
        "Compare the facts of two compute hosts: may instances migrate from one to the other?",
      options: { json },
      operands: [
        { name: "source", required: true, help: "What `facts` printed where instances are now." },
        { name: "destination", required: true, help: "The same of where they are to go." },
      ],
      run: (context) => tell(context, examineMigration(context)),
    },
  ],
};

async function tell(
  { args, print, terminalColumns, environment }: ToolContext,
  made: Promise<Report>,
): Promise<number> {
  const report = await made;
  const text = formatReport(report, {
    json: args["json"] === true,
    // https://no-color.org: set and not empty.
    colours: terminalColumns !== null && (environment["NO_COLOR"] ?? "") === "",
    columns: terminalColumns || NO_TERMINAL_COLUMNS,
  });
  print(text);
  return statusOf(report);
}
