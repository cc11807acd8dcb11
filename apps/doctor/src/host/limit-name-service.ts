/**
 * Bounds what a name service that does not answer costs. Node.js looks names up in threads that nothing can stop, not
 * even the end of the process: with three such servers each takes half a minute, and four of them hold up all files.
 *
 * Must be called before the first of them starts. What the operator has set stays.
 *
 * @see resolv.conf(5), RES_OPTIONS; libuv's UV_THREADPOOL_SIZE
 */
export function limitNameService(environment: Record<string, string | undefined>): void {
  environment["RES_OPTIONS"] ??= "timeout:1 attempts:2";
  environment["UV_THREADPOOL_SIZE"] ??= "64";
}
