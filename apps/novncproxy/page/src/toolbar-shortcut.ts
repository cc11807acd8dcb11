/**
 * Brings the keyboard back from the instance's screen, which takes every key, Tab included:
 * Ctrl, Alt and Shift together.
 *
 * @param onLeave - focuses something outside the screen
 */
export function wireToolbarShortcut(screen: HTMLElement, onLeave: () => void): void {
  screen.addEventListener(
    "keydown",
    (event) => {
      const isModifier = ["Control", "Alt", "Shift"].includes(event.key);
      if (!isModifier || !event.ctrlKey || !event.altKey || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      // noVNC lets go of the keys it holds when the window loses the focus, and only then.
      window.dispatchEvent(new Event("blur"));
      onLeave();
    },
    { capture: true },
  );
}
