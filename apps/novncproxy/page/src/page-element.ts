/**
 * An element of the page that must be there.
 *
 * @throws Error if the page and its script are not of one version
 */
export function pageElement<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** A button of the page, see {@link pageElement}. */
export function pageButton(id: string): HTMLButtonElement {
  return pageElement(id, HTMLButtonElement);
}
