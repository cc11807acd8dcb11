/** A run of text in one face: `bold` for what is typed as it stands, `italic` for what stands for something. */
export interface Span {
  readonly face: "roman" | "bold" | "italic";
  readonly text: string;
}

/** A paragraph's text. */
export type Text = readonly Span[];

/** One piece of a section. */
export type Block =
  | { readonly kind: "heading"; readonly title: string }
  | { readonly kind: "paragraph"; readonly text: Text }
  /** A term, and what it means below it. */
  | { readonly kind: "item"; readonly term: Text; readonly body: readonly Text[] }
  /** Lines as they stand. */
  | { readonly kind: "example"; readonly lines: readonly string[] };

/** A titled part of a page. Titles are those of man-pages(7). */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A manual page, without its form. */
export interface ManualPage {
  readonly name: string;
  /** 8 for programs of the system, 5 for files. */
  readonly section: 5 | 8;
  /** One line for apropos(1): lower case, no full stop. */
  readonly purpose: string;
  /** After NAME. */
  readonly sections: readonly Section[];
}

/** Takes text as it is. */
export function plain(text: string): Text {
  return [{ face: "roman", text }];
}

/** Text in which `` `literal` `` is bold and `{PLACEHOLDER}` italic. */
export function marked(text: string): Text {
  return text
    .split(/(`[^`]+`|\{[^}]+\})/)
    .filter((part) => part !== "")
    .map((part): Span => {
      if (part.startsWith("`")) return { face: "bold", text: part.slice(1, -1) };
      if (part.startsWith("{")) return { face: "italic", text: part.slice(1, -1) };
      return { face: "roman", text: part };
    });
}

/** A paragraph of {@link marked} text. */
export function paragraph(text: string): Block {
  return { kind: "paragraph", text: marked(text) };
}

/** A term and one paragraph about it, both {@link marked}. */
export function item(term: string, ...body: readonly string[]): Block {
  return { kind: "item", term: marked(term), body: body.map(marked) };
}
