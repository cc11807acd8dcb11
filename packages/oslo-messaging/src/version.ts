const VERSION = /^(\d{1,6})\.(\d{1,6})$/;

/**
 * Whether a service that speaks `accepted` understands a request of version `wanted`: the major
 * versions are equal, and the minor one is not newer.
 *
 * @see oslo_messaging/_utils.py version_is_compatible
 */
export function isCompatible(accepted: string, wanted: string): boolean {
  const [ours, theirs] = [VERSION.exec(accepted), VERSION.exec(wanted)];
  if (ours === null || theirs === null) return false;
  return Number(ours[1]) === Number(theirs[1]) && Number(theirs[2]) <= Number(ours[2]);
}

/** Whether a text is `MAJOR.MINOR`. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}
