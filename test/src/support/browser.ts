import { chromium, type Browser, type Page } from "playwright-core";
import { decodePng, type Picture } from "./picture.ts";
import { TempDir } from "./temp-dir.ts";

const EXECUTABLE = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const LIMIT_MS = 60_000;

/** What the user has in his hands. */
export const devices = {
  desktop: { viewport: { width: 1100, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} as const;

/** A Chromium with nothing in its profile. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #home: TempDir;

  private constructor(browser: Browser, home: TempDir) {
    this.#browser = browser;
    this.#home = home;
  }

  static async start(): Promise<TestBrowser> {
    const home = await TempDir.create();
    const browser = await chromium.launch({
      executablePath: EXECUTABLE,
      headless: true,
      args: ARGUMENTS,
      timeout: LIMIT_MS,
      env: { ...definedEnvironment(), HOME: home.path },
    });
    return new TestBrowser(browser, home);
  }

  /** Opens an access URL as a user would, in a window of its own. */
  async open(url: URL, device: keyof typeof devices = "desktop"): Promise<ConsolePage> {
    const context = await this.#browser.newContext({
      ignoreHTTPSErrors: true,
      ...devices[device],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    const opened = new ConsolePage(page);
    await page.goto(url.href);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#home[Symbol.asyncDispose]();
  }
}

/** The console's page as the user has it in front of him. */
export class ConsolePage implements AsyncDisposable {
  readonly page: Page;
  /** What the page complained of: uncaught errors, console errors, requests to elsewhere. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const from = page.url();
      if (from === "about:blank" || request.url().startsWith("data:")) return;
      if (new URL(request.url()).host !== new URL(from).host) {
        this.complaints.push(`request: ${request.url()}`);
      }
    });
  }

  /** The picture that noVNC has drawn; null before it has. */
  async picture(): Promise<Picture | null> {
    const dataUrl = await this.page.evaluate(() => {
      const canvas = document.querySelector("canvas");
      return canvas === null || canvas.width === 0 ? null : canvas.toDataURL("image/png");
    });
    if (dataUrl === null) return null;
    return decodePng(Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"));
  }

  /** What can be read on the page. */
  async text(): Promise<string> {
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Moves the mouse to a point of the instance's screen, and clicks there. */
  async click(at: { x: number; y: number }): Promise<void> {
    const box = await this.page.locator("canvas").first().boundingBox();
    const picture = await this.picture();
    if (box === null || picture === null) throw new Error("the page has no canvas to click on");
    const scale = box.width / picture.width;
    await this.page.mouse.click(box.x + at.x * scale, box.y + at.y * scale);
  }

  /** Types on the keyboard. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
