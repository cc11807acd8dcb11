import { pageButton } from "./page-element.ts";

/** Only some browsers have it, and only on pages over TLS or loopback. */
interface KeyboardLock {
  lock(): Promise<void>;
  unlock(): void;
}

declare global {
  interface Navigator {
    readonly keyboard?: KeyboardLock;
  }
}

/** Wires the full screen button; there is none where a browser has no full screen (iPhone). */
export function wireFullScreen(): void {
  const button = pageButton("full-screen");
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", () => {
    if (document.fullscreenElement === null) void enter();
    else void document.exitFullscreen();
  });
  document.addEventListener("fullscreenchange", () => {
    const isFull = document.fullscreenElement !== null;
    button.setAttribute("aria-pressed", String(isFull));
    if (!isFull) navigator.keyboard?.unlock();
  });
}

async function enter(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen();
    // Escape and Alt-Tab are the instance's then; a long Escape still leaves.
    await navigator.keyboard?.lock();
  } catch {
    // The browser said no: the page stays as it is, which the person sees.
  }
}
