/**
 * The thread in which the embedded store's file is opened, read and written.
 *
 * Started by `SqliteThread`: whatever waits for the disk or for a lock waits here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { SqliteFile } from "./sqlite-file.ts";
import { CLOSE, type QuestionMessage, type ThreadData } from "./sqlite-messages.ts";
import { QuestionQueue } from "./sqlite-question-queue.ts";

const port = parentPort;
if (port === null) throw new Error("sqlite-worker is a thread of SqliteThread, and no program");
const { path } = workerData as ThreadData;
const queue = new QuestionQueue(new SqliteFile(path), (answer) => {
  port.postMessage(answer);
});
port.on("message", (message: QuestionMessage | typeof CLOSE) => {
  if (message !== CLOSE) {
    queue.take(message);
    return;
  }
  queue.close();
  port.close();
});
