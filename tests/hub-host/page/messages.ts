/** Toasts, banners and dialogs that the host shows for an extension. */
import { browser, element, elementAt, type PageElement } from "./browser.ts";
import { logged } from "./log.ts";

interface Toast {
  readonly message: string;
  readonly duration?: number;
  readonly callToAction?: string;
  readonly onCallToActionClick?: () => void;
}

interface DialogOptions {
  readonly title?: string;
  readonly okText?: string;
  readonly cancelText?: string;
  readonly showCancel?: boolean;
  readonly onClose?: (result: boolean | undefined) => void;
}

export function messagesService(): object {
  const place = elementAt("messages");
  return logged("messages", {
    addToast: ({ message, duration = 5000, callToAction, onCallToActionClick }: Toast) => {
      const toast = element("div", "toast", message);
      toast.setAttribute("role", "status");
      if (callToAction !== undefined) toast.append(button(callToAction, () => onCallToActionClick?.()));
      place.replaceChildren(toast);
      setTimeout(() => toast.remove(), duration);
    },
    addBanner: ({ message }: { readonly message?: string }) => {
      const banner = element("div", "banner", message ?? "");
      banner.setAttribute("role", "alert");
      elementAt("banners").replaceChildren(banner);
    },
    closeBanner: () => {
      elementAt("banners").replaceChildren();
    },
    addDialog: ({ title, message }: { readonly title?: string; readonly message?: string }) => {
      openDialog(message ?? "", title === undefined ? {} : { title });
    },
    closeDialog,
  });
}

export function pageLayoutService(): object {
  let isFull = false;
  return logged("layout", {
    getFullScreenMode: () => isFull,
    setFullScreenMode: (wanted: boolean) => {
      isFull = wanted;
      elementAt("host").className = wanted ? "host full" : "host";
    },
    openMessageDialog: (message: string, options: DialogOptions = {}) => {
      openDialog(message, options);
    },
    // Both need a contribution of their own in the manifest, and the extension has none.
    openCustomDialog: noContribution,
    openPanel: noContribution,
  });
}

function noContribution(id: string): never {
  throw new Error(`There is no contribution ${id}.`);
}

function openDialog(
  message: string,
  { title = "", okText = "OK", cancelText = "Cancel", ...rest }: DialogOptions,
): void {
  const close = (result: boolean | undefined) => (): void => {
    closeDialog();
    rest.onClose?.(result);
  };
  const dialog = element("div", "dialog");
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-label", title);
  const buttons = element("div", "buttons");
  const ok = button(okText, close(true));
  if (rest.showCancel !== false) buttons.append(button(cancelText, close(false)));
  buttons.append(ok);
  dialog.append(element("h2", "", title), element("p", "", message), buttons);
  elementAt("dialogs").replaceChildren(dialog);
  ok.focus();
}

function closeDialog(): void {
  elementAt("dialogs").replaceChildren();
}

function button(text: string, onClick: () => void): PageElement {
  const made = browser.document.createElement("button");
  made.textContent = text;
  made.addEventListener("click", onClick);
  return made;
}
