import type { CredentialType } from "../core/rfb.js";
import { pageElement } from "./page-element.ts";

/** Asks the person at the page for what a VNC server wants to know. */
export class CredentialsDialog {
  readonly #dialog = pageElement("credentials", HTMLDialogElement);

  /** @returns null if the person cancels, or the connection ends first */
  ask(types: readonly CredentialType[]): Promise<Record<CredentialType, string> | null> {
    for (const field of this.#dialog.querySelectorAll<HTMLElement>("[data-credential]")) {
      field.hidden = !types.some((type) => type === field.dataset["credential"]);
    }
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener(
        "close",
        () => {
          resolve(this.#dialog.returnValue === "send" ? this.#read() : null);
        },
        { once: true },
      );
    });
  }

  close(): void {
    if (this.#dialog.open) this.#dialog.close("");
  }

  #read(): Record<CredentialType, string> {
    const valueOf = (name: CredentialType): string => {
      const input = this.#dialog.querySelector<HTMLInputElement>(`input[name=${name}]`);
      const value = input?.value ?? "";
      if (input !== null) input.value = "";
      return value;
    };
    return {
      username: valueOf("username"),
      password: valueOf("password"),
      target: valueOf("target"),
    };
  }
}
