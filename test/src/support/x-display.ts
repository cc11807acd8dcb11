import { decodePng, type Picture } from "./picture.ts";
import { Child } from "./child.ts";
import { output } from "./run.ts";
import { until } from "./until.ts";

/** What is known of an X screen without any VNC: the truth that a console is compared with. */
export class XDisplay {
  /** `:7` */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;

  constructor(name: string) {
    this.name = name;
    this.environment = { DISPLAY: name };
  }

  /** Takes the picture that the X server holds, without the pointer. */
  async picture(): Promise<Picture> {
    return decodePng(await output("import", ["-window", "root", "png24:-"], this.environment));
  }

  /** Where the pointer is. */
  async pointer(): Promise<{ x: number; y: number }> {
    const text = (await output("xdotool", ["getmouselocation"], this.environment)).toString();
    const match = /^x:(\d+) y:(\d+)/.exec(text);
    return { x: Number(match?.[1]), y: Number(match?.[2]) };
  }

  /** Fills the screen with a terminal that runs a shell, and waits until it shows its greeting. */
  async startTerminal(directory: string): Promise<Child> {
    const greeting = "printf '\\033[41;97m red \\033[42;97m green \\033[44;97m blue \\033[0m\\n'";
    const shell = `cd '${directory}' && ${greeting}; PS1='> ' HISTFILE= exec sh -i`;
    // Where a viewer that has not moved it believes the pointer to be: elsewhere TigerVNC paints it.
    await output("xdotool", ["mousemove", "0", "0"], this.environment);
    const terminal = await Child.start(
      "xterm",
      ["-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "100x40+0+0", "-e", "sh", "-c", shell],
      this.environment,
    );
    await until("the terminal to be drawn", async () => (await this.hasColours()) || null);
    return terminal;
  }

  private async hasColours(): Promise<boolean> {
    const { rgba } = await this.picture();
    const seen = { red: 0, blue: 0 };
    for (let at = 0; at < rgba.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = rgba.subarray(at, at + 3);
      if (red > 180 && green < 60 && blue < 60) seen.red++;
      if (blue > 180 && green < 60 && red < 60) seen.blue++;
    }
    return seen.red > 100 && seen.blue > 100;
  }
}
