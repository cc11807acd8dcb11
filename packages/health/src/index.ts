/**
 * Readiness: what consoles depend on, how it is, and whether at least one console can be opened.
 *
 * @packageDocumentation
 */
export {
  mergeReadiness,
  readinessOf,
  type Dependency,
  type DependencyKind,
  type Readiness,
} from "./dependency.ts";
export { Probe, type ProbeOptions } from "./probe.ts";
