/** A database server of its own with one database, gone with its scope. */
export interface Database extends AsyncDisposable {
  /** As SQLAlchemy and nova.conf's `[database] connection` have it. */
  readonly url: string;
  readonly port: number;
  /** Runs a statement by the server's own client. @returns what it prints: columns without heads */
  sql(statement: string): Promise<string>;
  /** Ends it as its service manager would. */
  stop(): Promise<void>;
  /** Starts it again with what it kept, on the same port, and waits until it answers. */
  restart(): Promise<void>;
}
