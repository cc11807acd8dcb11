import type { CheckReport, Finding } from "./finding.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** All that a command found. */
export interface Report {
  /** `check`, `firewall`, `migration`. */
  readonly command: string;
  /** The host, or the hosts, that it is about. */
  readonly subject: string;
  readonly checks: readonly CheckReport[];
}

/** How a report is shown. */
export interface ReportForm {
  readonly json: boolean;
  /** Whether to use colours: a terminal, and no NO_COLOR. */
  readonly colours: boolean;
  readonly columns: number;
}

/** Of the JSON document: goes up when a reader of the last one would misunderstand. */
const JSON_VERSION = 1;
/** Wider lines are hard to read, on however wide a terminal. */
const MOST_COLUMNS = 110;

/** What is to be mended, faults first. */
function findingsOf({ checks }: Report): Finding[] {
  const all = checks.flatMap(({ results }) => results.filter(({ kind }) => kind === "finding"));
  const findings = all.filter((result): result is Finding => result.kind === "finding");
  return [
    ...findings.filter(({ severity }) => severity === "fault"),
    ...findings.filter(({ severity }) => severity === "advice"),
  ];
}

/**
 * The exit status of a report: 1 for faults; without any, 3 where a firewall or a pair of hosts could not be judged.
 * `check` looks at much that a host need not have: what it leaves out is counted in its summary only.
 */
export function statusOf(report: Report): 0 | 1 | 3 {
  if (findingsOf(report).some(({ severity }) => severity === "fault")) return 1;
  return report.command !== "check" && skippedIn(report) > 0 ? 3 : 0;
}

function skippedIn({ checks }: Report): number {
  return checks.flatMap(({ results }) => results).filter(({ kind }) => kind === "notChecked")
    .length;
}

/** A report as text for people, or as JSON (docs/doctor.md describes it). Secrets in URLs are masked. */
export function formatReport(report: Report, form: ReportForm): string {
  return withoutSecrets(form.json ? formatJson(report) : formatText(report, form));
}

function formatJson(report: Report): string {
  const findings = findingsOf(report);
  const { checks } = report;
  const document = {
    version: JSON_VERSION,
    command: report.command,
    subject: report.subject,
    faults: findings.filter(({ severity }) => severity === "fault").length,
    advice: findings.filter(({ severity }) => severity === "advice").length,
    findings: checks.flatMap(({ check, results }) =>
      results.flatMap((result) => {
        if (result.kind !== "finding") return [];
        const { id, severity, what, why, mend } = result;
        return [{ id, severity, check, what, why, mend }];
      }),
    ),
    fine: checks.flatMap(({ check, results }) =>
      results.flatMap((result) => (result.kind === "fine" ? [{ check, text: result.text }] : [])),
    ),
    not_checked: checks.flatMap(({ check, results }) =>
      results.flatMap((result) =>
        result.kind === "notChecked" ? [{ check, why: result.why }] : [],
      ),
    ),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function formatText(report: Report, form: ReportForm): string {
  const columns = Math.max(40, Math.min(form.columns, MOST_COLUMNS));
  const paint = painter(form.colours);
  const width = Math.max(...report.checks.map(({ check }) => check.length), 4) + 2;
  const lines: string[] = [];
  for (const kind of ["fine", "notChecked"] as const) {
    for (const { check, results } of report.checks) {
      for (const result of results) {
        if (result.kind !== kind) continue;
        const isFine = result.kind === "fine";
        const label = isFine ? paint("green", "ok  ") : paint("yellow", "?   ");
        const text = isFine ? result.text : `not checked: ${result.why}`;
        const [first = "", ...more] = wrap(oneLine(text), columns - width - 4);
        lines.push(`${label}${check.padEnd(width)}${first}`);
        lines.push(...more.map((line) => " ".repeat(width + 4) + line));
      }
    }
  }
  const findings = findingsOf(report);
  for (const found of findings) lines.push("", ...findingLines(found, columns, paint));
  lines.push("", summary(report, findings, paint));
  return `${lines.join("\n")}\n`;
}

function findingLines(
  { id, severity, what, why, mend }: Finding,
  columns: number,
  paint: Paint,
): string[] {
  const head = severity === "fault" ? paint("red", "FAULT") : paint("yellow", "ADVICE");
  const block = (label: string, text: string): string[] =>
    wrap(oneLine(text), columns - 10).map(
      (line, index) => `  ${(index === 0 ? label : "").padEnd(8)}${line}`,
    );
  return [
    `${head}  ${paint("bold", id)}`,
    ...block("what", what),
    ...block("why", why),
    // Commands are copied: they are never wrapped.
    ...mend.map((line, index) => `  ${(index === 0 ? "mend" : "").padEnd(8)}${oneLine(line)}`),
  ];
}

function summary(report: Report, findings: readonly Finding[], paint: Paint): string {
  const faults = findings.filter(({ severity }) => severity === "fault").length;
  const advice = findings.length - faults;
  const skipped = skippedIn(report);
  // Where something was not looked at, nobody can say that there are none.
  const none = skipped === 0 ? paint("green", "no faults") : paint("yellow", "no faults found");
  const parts = [
    faults === 0 ? none : paint("red", count(faults, "fault")),
    ...(advice === 0 ? [] : [paint("yellow", `${advice} to think about`)]),
    ...(skipped === 0 ? [] : [`${skipped} not checked`]),
  ];
  return `${oneLine(report.subject)}: ${parts.join(", ")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

type Paint = (colour: "red" | "green" | "yellow" | "bold", text: string) => string;

function painter(colours: boolean): Paint {
  const codes = { red: "1;31", green: "32", yellow: "33", bold: "1" };
  return (colour, text) => (colours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

/** What others wrote must not move the cursor of a terminal. */
function oneLine(text: string): string {
  return text
    .replace(/\s*\n\s*/g, " ")
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "?");
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
