/**
 * Debian's epoch: a number before the version that outweighs it. Ubuntu's packages of the same names are at 3, with
 * versions that are years of nova's releases; ours take their place on an upgrade only from 4 on.
 */
const EPOCH = 4;

/**
 * @param version - of the repository: `1.2.3`, or `1.2.3-rc.1` before it
 * @see deb-version(7)
 */
export function debianVersion(version: string): string {
  return `${EPOCH}:${version.replace("-", "~")}-1`;
}

/**
 * Writes the change log that Debian's tools take version and date from; the one for people is CHANGELOG.md.
 *
 * @param date - in seconds since the epoch
 * @see deb-changelog(5)
 */
export function debianChangelog(version: string, date: number): string {
  const stamp = new Date(date * 1000).toUTCString().replace("GMT", "+0000");
  return `nova-console (${debianVersion(version)}) unstable; urgency=medium

  * Release ${version}. What changed is in CHANGELOG.md.

 -- nova-console developers <nova-console@packages.invalid>  ${stamp}
`;
}
