import type RFB from "../core/rfb.js";
import type { ScreenFit } from "./page-options.ts";
import { pageElement } from "./page-element.ts";

/** The panel that says how the screen is shown, and whether input is sent. */
export class DisplayPanel {
  readonly #panel = pageElement("display-panel", HTMLElement);
  readonly #dragView = pageElement("drag-view", HTMLInputElement);
  readonly #viewOnly = pageElement("view-only", HTMLInputElement);
  readonly #rfb: () => RFB | null;
  #fit: ScreenFit;

  /**
   * @param rfb - the connection of the moment
   * @param onViewOnly - told of each change, while the connection still sends keys: those held down
   *   must be let go
   */
  constructor(
    first: { readonly fit: ScreenFit; readonly viewOnly: boolean },
    rfb: () => RFB | null,
    onViewOnly: () => void,
  ) {
    this.#rfb = rfb;
    this.#fit = first.fit;
    this.#viewOnly.checked = first.viewOnly;
    for (const radio of this.#panel.querySelectorAll<HTMLInputElement>("[name=fit]")) {
      radio.checked = radio.value === first.fit;
      radio.addEventListener("change", () => {
        this.#fit = radio.value === "off" || radio.value === "remote" ? radio.value : "scale";
        this.apply();
      });
    }
    this.#dragView.addEventListener("change", () => {
      this.apply();
    });
    this.#viewOnly.addEventListener("change", () => {
      onViewOnly();
      this.apply();
    });
  }

  get isViewOnly(): boolean {
    return this.#viewOnly.checked;
  }

  /** Dragging makes sense only while part of the screen is out of sight. */
  setClipped(isClipped: boolean): void {
    this.#dragView.disabled = !isClipped;
    if (!isClipped) this.#dragView.checked = false;
    this.apply();
  }

  /** Sets a connection up as the panel says. */
  apply(): void {
    const rfb = this.#rfb();
    if (rfb === null) return;
    rfb.viewOnly = this.isViewOnly;
    // A finger on the screen is a click there, so scroll bars are no use: clip, and drag on demand.
    rfb.clipViewport = this.#fit === "off" && matchMedia("(pointer: coarse)").matches;
    rfb.dragViewport = this.#dragView.checked;
    // An instance whose screen cannot be resized is at least scaled.
    rfb.scaleViewport = this.#fit !== "off";
    rfb.resizeSession = this.#fit === "remote";
  }
}
