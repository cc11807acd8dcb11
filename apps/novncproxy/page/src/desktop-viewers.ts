import { pageButton, pageElement } from "./page-element.ts";
import type { ViewerFiles } from "./viewer-files.ts";

/**
 * Wires the part of the display panel that opens the console in a desktop viewer.
 *
 * @param files - null hides it
 */
export function wireDesktopViewers(files: ViewerFiles | null): void {
  pageElement("viewers", HTMLElement).hidden = files === null;
  if (files === null) return;
  pageElement("open-virt-viewer", HTMLAnchorElement).href = files.virtViewerUrl;
  pageElement("open-tigervnc", HTMLAnchorElement).href = files.tigerVncUrl;
  pageButton("copy-token").addEventListener("click", () => {
    void copyToken(files.token);
  });
}

async function copyToken(token: string): Promise<void> {
  const note = pageElement("viewers-note", HTMLElement);
  try {
    await navigator.clipboard.writeText(token);
    note.textContent = "Copied. Paste it where the viewer asks for a password.";
  } catch {
    // No permission, or a page over plain http: then the person copies what is selected.
    const field = pageElement("token", HTMLInputElement);
    field.value = token;
    field.hidden = false;
    field.select();
    note.textContent = "Press Ctrl+C to copy the selected text.";
  }
}
