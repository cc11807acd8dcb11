import type { CommandDeclaration, CommandOption } from "@nova-console/service";

const instance: CommandOption = {
  type: "string",
  placeholder: "UUID",
  help: "UUID of the instance.",
};
const host: CommandOption = {
  type: "string",
  placeholder: "HOST",
  help: "Host name or IP address of the instance's VNC server, or unix:/PATH.",
};
const port: CommandOption = {
  type: "integer",
  placeholder: "PORT",
  help: "Port of the VNC server. Not with unix:/PATH.",
};
const json: CommandOption = { type: "flag", help: "Print one JSON document instead of text." };

const tokenFile: CommandOption = {
  type: "string",
  placeholder: "FILE",
  help: "File with the token in its one line.",
};

/** What each command of nova-consoleauth is called and takes. */
export const declarations = {
  authorize: {
    name: "authorize",
    usage:
      "authorize (--instance UUID --host HOST --port PORT [--internal-access-path PATH] | --libvirt URI --domain NAME) [--type TYPE] [--ttl SECONDS] [--viewer] [--json]",
    summary: "Issue a token for a console and print its access URL, or the vncviewer line.",
    options: {
      instance,
      host,
      port,
      "internal-access-path": {
        type: "string",
        placeholder: "PATH",
        help: "What the hypervisor's own proxy is asked for, by CONNECT, before the screen.",
      },
      libvirt: {
        type: "string",
        placeholder: "URI",
        help: "Find the VNC server in a libvirt domain instead, such as qemu:///system.",
      },
      domain: {
        type: "string",
        placeholder: "NAME",
        help: "Name or UUID of the libvirt domain.",
      },
      type: {
        type: "string",
        placeholder: "TYPE",
        help: "novnc for browsers (the default), xvpvnc for viewers (the default with --viewer).",
      },
      ttl: {
        type: "integer",
        placeholder: "SECONDS",
        help: "How long the token is good for; [consoleauth] token_ttl if not given.",
      },
      viewer: {
        type: "flag",
        help: "Print the vncviewer command line that opens the console, with the token in it.",
      },
      json,
    },
  },
  check: {
    name: "check",
    usage: "check (- | --token-file FILE | TOKEN) [--json]",
    summary: "Print where a token leads; exit status 1 if it leads nowhere.",
    options: { "token-file": tokenFile, json },
    operands: [
      {
        name: "token",
        required: false,
        help: "The token; - reads it from standard input, and asks for it on a terminal. As a word of the command line it shows in the process list, which is warned of.",
      },
    ],
  },
  revoke: {
    name: "revoke",
    usage: "revoke (--instance UUID | --token - | --token-file FILE | --token TOKEN) [--json]",
    summary: "Make an instance's tokens, or one token, worthless.",
    options: {
      instance,
      token: {
        type: "string",
        placeholder: "TOKEN",
        help: "The token; - reads it from standard input, and asks for it on a terminal. As a word of the command line it shows in the process list, which is warned of.",
      },
      "token-file": tokenFile,
      json,
    },
  },
  list: {
    name: "list",
    usage: "list [--json]",
    summary: "Print a line per live token: what it leads to, never the token.",
    options: { json },
  },
  purge: {
    name: "purge",
    usage: "purge [--json]",
    summary: "Remove expired tokens.",
    options: { json },
  },
  move: {
    name: "move",
    usage: "move --instance UUID --host HOST --port PORT [--json]",
    summary: "Point an instance's tokens at the place where it lives now.",
    options: { instance, host, port, json },
  },
} as const satisfies Record<string, CommandDeclaration>;
