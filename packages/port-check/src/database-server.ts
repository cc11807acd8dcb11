/** SQLAlchemy's names of the databases that nova itself can be on, with or without a driver's. */
const SERVER_URL = /^(?:mysql|mariadb|postgres|postgresql)(?:\+\w+)?:/i;

/** Tells nova's database from a file of ours. @param connection - an SQLAlchemy URL */
export function isDatabaseServer(connection: string | null): connection is string {
  return connection !== null && SERVER_URL.test(connection);
}
