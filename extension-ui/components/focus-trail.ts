/** Where the focus has been on the page, so that it can go back there when what lay over the page is gone. */

const trail: HTMLElement[] = [];
const longest = 20;

/** To be called once, when the page begins. */
export function rememberFocus(): void {
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement) || target.closest("[role=dialog]") !== null) return;
    const place = trail.indexOf(target);
    if (place >= 0) trail.splice(place, 1);
    trail.push(target);
    if (trail.length > longest) trail.shift();
  });
}

/** To the last place that is still there: a menu that a panel was opened from is gone by then, its button is not. */
export function giveFocusBack(): void {
  for (const element of [...trail].reverse()) {
    if (!element.isConnected) continue;
    element.focus();
    if (document.activeElement === element) return;
  }
  document.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
}
