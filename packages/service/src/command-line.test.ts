import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { optionGroups, type CommandLineValue } from "@nova-console/config";
import { assertReadAsOslo, osloOptionGroups, readOsloCases } from "@nova-console/config/testing";
import fc from "fast-check";

import {
  parseCommandLine,
  UsageError,
  type CommandDeclaration,
  type CommandLineRequest,
  type ParsedCommandLine,
} from "./command-line.ts";

const commands: readonly CommandDeclaration[] = [
  {
    name: "authorize",
    usage: "authorize --instance UUID --host H",
    summary: "Makes a token.",
    options: {
      instance: { type: "string", help: "The instance.", placeholder: "UUID" },
      host: { type: "string", help: "Where its VNC server is." },
      ttl: { type: "integer", help: "Seconds that the token is good for." },
      "internal-access-path": { type: "string", help: "The path." },
      json: { type: "flag", help: "Print JSON." },
    },
  },
  {
    name: "check",
    usage: "check TOKEN",
    summary: "Looks a token up.",
    options: {},
    operands: [{ name: "token", help: "The token.", required: true }],
  },
];

function parse(
  argv: readonly string[],
  more: Partial<CommandLineRequest> = {},
): Promise<ParsedCommandLine> {
  return parseCommandLine({
    program: "nova-test",
    summary: "Is tested.",
    version: "1.2.3",
    argv,
    optionGroups,
    ...more,
  });
}

async function parseValues(
  argv: readonly string[],
  more?: Partial<CommandLineRequest>,
): Promise<readonly CommandLineValue[]> {
  const parsed = await parse(argv, more);
  assert.ok(parsed.kind === "run");
  return parsed.values;
}

describe("parseCommandLine()", () => {
  for (const osloCase of readOsloCases().filter(({ isCommandLine }) => isCommandLine)) {
    it(`reads ${osloCase.name} as oslo.config does`, () =>
      assertReadAsOslo(osloCase, (argv) => parseValues(argv, { optionGroups: osloOptionGroups })));
  }

  const spellings = [
    { words: ["--vnc-novncproxy_port", "1"], key: "vnc.novncproxy_port", text: "1" },
    { words: ["--vnc-novncproxy-port=1"], key: "vnc.novncproxy_port", text: "1" },
    { words: ["--novncproxy_port", "1"], key: "vnc.novncproxy_port", text: "1" },
    { words: ["--novncproxy-host", "h"], key: "vnc.novncproxy_host", text: "h" },
    { words: ["--xvpvncproxy_port", "1"], key: "vnc.xvpvncproxy_port", text: "1" },
    { words: ["--xvpvncproxy_host", "h"], key: "vnc.xvpvncproxy_host", text: "h" },
    { words: ["--vnc-novncproxy_p", "1"], key: "vnc.novncproxy_port", text: "1" },
    { words: ["--log-file", "f"], key: "DEFAULT.log_file", text: "f" },
    { words: ["--log_file", "f"], key: "DEFAULT.log_file", text: "f" },
    { words: ["--logfile=f"], key: "DEFAULT.log_file", text: "f" },
    { words: ["--log-dir", "d"], key: "DEFAULT.log_dir", text: "d" },
    { words: ["--config-file", "c"], key: "DEFAULT.config_file", text: "c" },
    { words: ["--debug"], key: "DEFAULT.debug", text: "true" },
    { words: ["-d"], key: "DEFAULT.debug", text: "true" },
    { words: ["--nodebug"], key: "DEFAULT.debug", text: "false" },
    { words: ["-v"], key: "DEFAULT.verbose", text: "true" },
    { words: ["--nodaemon"], key: "DEFAULT.daemon", text: "false" },
    { words: ["--ssl_only"], key: "DEFAULT.ssl_only", text: "true" },
    { words: ["--ssl-only"], key: "DEFAULT.ssl_only", text: "true" },
    { words: ["--nossl_only"], key: "DEFAULT.ssl_only", text: "false" },
    { words: ["--source_is_ipv6"], key: "DEFAULT.source_is_ipv6", text: "true" },
    { words: ["--vnc-noenabled"], key: "vnc.enabled", text: "false" },
    { words: ["--novnc_enabled"], key: "vnc.enabled", text: "false" },
    { words: ["--record", "r"], key: "DEFAULT.record", text: "r" },
    { words: ["--web="], key: "DEFAULT.web", text: "" },
    { words: ["--web", "/a b=c"], key: "DEFAULT.web", text: "/a b=c" },
    { words: ["--key=-k"], key: "DEFAULT.key", text: "-k" },
    { words: ["--consoleauth-token_ttl", "-1"], key: "consoleauth.token_ttl", text: "-1" },
    { words: ["--web", '"q"'], key: "DEFAULT.web", text: '"q"' },
  ];
  for (const { words, key, text } of spellings) {
    it(`takes ${words.join(" ")} for ${key}`, async () => {
      const values = await parseValues(words);
      assert.deepEqual(
        values.map((value) => [`${value.group}.${value.name}`, value.text]),
        [[key, text]],
      );
    });
  }

  it("keeps the order and the spelling of all options", async () => {
    const values = await parseValues([
      "--config-dir",
      "d",
      "--config-file=a",
      "-dv",
      "--config-file",
      "b",
      "--nodeb",
    ]);
    assert.deepEqual(
      values.map(({ spelling, text }) => [spelling, text]),
      [
        ["--config-dir", "d"],
        ["--config-file", "a"],
        ["-d", "true"],
        ["-v", "true"],
        ["--config-file", "b"],
        ["--nodeb", "false"],
      ],
    );
  });

  it("gives the command's options to the command, and the program's to the program", async () => {
    const argv = [
      "--host",
      "a",
      "authorize",
      "--host=b",
      "--ttl",
      "60",
      "--json",
      "--internal_access_path",
      "/p",
      "--debug",
    ];
    assert.deepEqual(await parse(argv, { commands }), {
      kind: "run",
      command: "authorize",
      commandArguments: { host: "b", ttl: 60, json: true, "internal-access-path": "/p" },
      values: [
        { group: "DEFAULT", name: "host", text: "a", spelling: "--host" },
        { group: "DEFAULT", name: "debug", text: "true", spelling: "--debug" },
      ],
      printConfig: null,
    });
  });

  it("gives a command its operands", async () => {
    const parsed = await parse(["check", "--", "-token"], { commands });
    assert.deepEqual(parsed.kind === "run" && parsed.commandArguments, { token: "-token" });
  });

  it("runs without a command where there are some", async () => {
    const parsed = await parse([], { commands });
    assert.deepEqual(parsed.kind === "run" && parsed.command, null);
  });

  const forms = [
    { argv: ["--print-config"], form: "ini" },
    { argv: ["--print-config", "ini"], form: "ini" },
    { argv: ["--print-config", "json"], form: "json" },
    { argv: ["--print-config=json"], form: "json" },
    { argv: ["--print-config", "--debug"], form: "ini" },
    { argv: [], form: null },
  ];
  for (const { argv, form } of forms) {
    it(`takes "${argv.join(" ")}" for the form ${String(form)}`, async () => {
      const parsed = await parse(argv);
      assert.deepEqual(parsed.kind === "run" && parsed.printConfig, form);
    });
  }

  it("prints the version", async () => {
    assert.deepEqual(await parse(["--version"]), {
      kind: "text",
      text: "nova-test 1.2.3",
    });
  });

  it("prints help in groups with defaults and commands, no line wider than asked for", async () => {
    const parsed = await parse(["--help"], { commands, columns: 90 });
    const text = parsed.kind === "text" ? parsed.text : "";
    for (const part of [
      "[vnc]",
      "--vnc-novncproxy_port",
      "[default: 6080]",
      "nova-test check TOKEN",
      "--config-file",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.doesNotMatch(text, /^.{91}/m);
  });

  it("prints the help of a command", async () => {
    const parsed = await parse(["check", "--help"], { commands });
    const text = parsed.kind === "text" ? parsed.text : "";
    assert.match(text, /^nova-test check TOKEN\n\nLooks a token up\.\n\nTOKEN: The token\.\n/);
  });

  const mistakes = [
    {
      argv: ["--vnc-novncproxy_prt", "1"],
      says: /unknown option --vnc-novncproxy_prt; did you mean --vnc-novncproxy_port\?/,
    },
    { argv: ["--nodemon"], says: /did you mean --nodaemon\?/ },
    { argv: ["--nothing-like-it"], says: /unknown option --nothing-like-it \(/ },
    { argv: ["-x"], says: /unknown option -x/ },
    { argv: ["--=x"], says: /unknown option --/ },
    { argv: ["--con", "x"], says: /--con could be --config-file, --config-dir, / },
    { argv: ["--record", "--cert"], says: /--record: a value must follow/ },
    { argv: ["--web"], says: /--web: a value must follow/ },
    { argv: ["--debug=true"], says: /--debug: takes no value/ },
    { argv: ["--print-config=xml"], says: /--print-config: found "xml", must be ini or json/ },
    { argv: ["stray"], says: /unknown command "stray"; must be one of authorize, check/ },
    { argv: ["3b241101-e2bb"], says: /: unknown command; must be one of authorize, check/ },
    { argv: ["chek"], says: /did you mean check\?/ },
    { argv: ["check"], says: /check: TOKEN must follow/ },
    { argv: ["authorize", "--ttl", "soon"], says: /--ttl: found "soon", must be a whole number/ },
    { argv: ["authorize", "--instnce", "x"], says: /did you mean --instance\?/ },
  ];
  for (const { argv, says } of mistakes) {
    it(`refuses "${argv.join(" ")}" in one line that says why`, async () => {
      await assert.rejects(parse(argv, { commands }), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, says);
        assert.match(error.message, /^nova-test: [^\n]+$/);
        return true;
      });
    });
  }

  it("refuses operands where there are no commands", async () => {
    await assert.rejects(parse(["stray"]), {
      code: "SERVICE_ERR_USAGE",
      message: /too many arguments/,
    });
  });

  it("does not repeat what may be a token", async () => {
    await assert.rejects(parse(["check", "one", "f0e1d2c3"], { commands }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(error.message, /f0e1d2c3|one/);
      return true;
    });
  });

  it("answers any words with a result or a UsageError of one line", async () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "--debug",
        "--web",
        "--web=x",
        "--config-file",
        "check",
        "authorize",
        "--",
        "-dv",
        "--help",
        "__proto__",
      ),
      fc.string({ unit: "binary" }).map((text) => `--${text}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        try {
          await parse(argv, { commands });
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
          assert.doesNotMatch(error.message, /\n/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("parseCommandLine() with a default command", () => {
  const tool: readonly CommandDeclaration[] = [
    {
      name: "look",
      usage: "look [--at HOST]... [--json]",
      summary: "Looks.",
      options: {
        at: { type: "string", help: "What to look at.", repeatable: true },
        json: { type: "flag", help: "Print JSON." },
      },
    },
    {
      name: "tell",
      usage: "tell",
      summary: "Tells.",
      options: { json: { type: "flag", help: "Print JSON." } },
    },
  ];
  const more = { commands: tool, defaultCommand: "look" };

  async function parseCommand(...argv: string[]): Promise<unknown> {
    const parsed = await parse(argv, more);
    assert.ok(parsed.kind === "run");
    return [parsed.command, parsed.commandArguments];
  }

  it("takes the options of that command without its name", async () => {
    assert.deepEqual(await parseCommand(), ["look", {}]);
    assert.deepEqual(await parseCommand("--at", "a", "--json", "--at=b"), [
      "look",
      { at: ["a", "b"], json: true },
    ]);
  });

  it("takes options in front of another command that has them, and refuses others", async () => {
    assert.deepEqual(await parseCommand("--json", "tell"), ["tell", { json: true }]);
    await assert.rejects(parseCommand("--at", "a", "tell"), {
      code: "SERVICE_ERR_USAGE",
      message: /--at is no option of "tell"/,
    });
  });

  it("tells of the program when help is asked for, with that command's options", async () => {
    const parsed = await parse(["--help"], more);
    assert.match(parsed.kind === "text" ? parsed.text : "", /Options of "look":\n +--at /);
  });
});
