/** Base of every error of this program. */
abstract class DoctorError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `DOCTOR_ERR_${string}`;
}

/** A file or an option that was given cannot be used: ends the program with status 2. */
export class DoctorInputError extends DoctorError {
  override readonly name = "DoctorInputError";
  readonly code = "DOCTOR_ERR_INPUT";
}
