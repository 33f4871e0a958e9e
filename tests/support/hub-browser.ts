/** The hub as a person sees it in a browser: its page, and everything that the browser did and said meanwhile. */
import type { Browser, BrowserContext, Frame, FrameLocator, Locator, Page, Request } from "playwright-core";

export interface HubSeen {
  /** Errors in the consoles of the host page and of the hub, a refusal by the page's own policy among them. */
  readonly errors: string[];
  /** Dialogs of the browser that a script has opened. */
  readonly dialogs: string[];
  /** `GET http://127.0.0.1:…` of every request, of all frames. */
  readonly requests: string[];
}

export interface HubPage {
  readonly page: Page;
  /** The extension's own frame. */
  readonly hub: FrameLocator;
  /** The same frame, to run something in. */
  frame(): Frame;
  readonly seen: HubSeen;
  close(): Promise<void>;
}

export interface OpenHub {
  /** Of the host's page: `{ theme: "dark", signIn: "absent", tab: "health" }`. */
  readonly query?: Readonly<Record<string, string>>;
  /** What this visit may read by, as if the person had entered it earlier in this tab. */
  readonly entered?: {
    readonly project: string;
    readonly sas?: string;
    /** The container that the SAS was entered for; default: the one that the settings name now. */
    readonly container?: string;
    readonly viewerKey?: string;
  };
  readonly size?: { readonly width: number; readonly height: number };
}

const steadyMs = 20_000;

/** By the address of a hub: the container that its settings name. */
export const containers = new Map<string, () => string | undefined>();

/** A new tab with the hub, in a profile of its own. */
export async function openHub(browser: Browser, hubUrl: string, options: OpenHub = {}): Promise<HubPage> {
  const context = await browser.newContext({
    viewport: options.size ?? { width: 1366, height: 768 },
    locale: "en-US",
    timezoneId: "UTC",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(steadyMs);
  const page = await context.newPage();
  const seen: HubSeen = { errors: [], dialogs: [], requests: [] };
  watch(page, seen);
  await enter(context, options.entered, containers.get(hubUrl)?.());
  const address = new URL(hubUrl);
  for (const [name, value] of Object.entries(options.query ?? {})) address.searchParams.set(name, value);
  await page.goto(address.href);
  await page.waitForFunction("window.__loaded === true");
  const frame = (): Frame => {
    const [found] = page.mainFrame().childFrames();
    if (found === undefined) throw new Error("the page shows no extension");
    return found;
  };
  return { page, hub: page.frameLocator("#extension"), frame, seen, close: () => context.close() };
}

function watch(page: Page, seen: HubSeen): void {
  page.on("console", (message) => {
    // An answer that is no success is the page's business, and tests look at what the page makes of it.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("request", (request) => seen.requests.push(nameOf(request)));
}

function nameOf(request: Request): string {
  return `${request.method()} ${request.url()}`;
}

/** What the tab's storage would hold if the person had asked to keep it. */
async function enter(context: BrowserContext, entered: OpenHub["entered"], saved = ""): Promise<void> {
  if (entered === undefined) return;
  const { sas = "", viewerKey } = entered;
  const bound = sas === "" ? undefined : JSON.stringify({ container: entered.container ?? saved, sas });
  const kept = { sas: bound, "viewer-key": viewerKey };
  for (const [name, value] of Object.entries(kept)) {
    if (value === undefined || value === "") continue;
    const item = [`project-backup/${entered.project}/${name}`, value].map((text) => JSON.stringify(text));
    await context.addInitScript(`sessionStorage.setItem(${item.join(", ")})`);
  }
}

export function button(place: FrameLocator | Locator, name: string | RegExp): Locator {
  return place.getByRole("button", { name, exact: typeof name === "string" });
}

/** The panel that lies over the page. */
export function panelOf(hub: FrameLocator): Locator {
  return hub.getByRole("dialog");
}

/** Rows of a table that are drawn. */
export function rowsOf(hub: FrameLocator, table: string | RegExp): Locator {
  return hub.getByRole("table", { name: table }).locator("tr.bolt-list-row");
}

/** A command of the page's header, also one that only the header's menu shows. */
export async function command(hub: FrameLocator, name: string): Promise<void> {
  const shown = hub.getByRole("menuitem", { name, exact: true });
  const more = hub.getByRole("menuitem", { name: "More actions" });
  await shown.or(more).first().waitFor();
  if (!(await shown.isVisible())) await more.click();
  await shown.click();
}

export async function enterSas(hub: FrameLocator, sas: string): Promise<void> {
  await command(hub, "Storage access");
  await panelOf(hub).getByLabel("Shared access signature").fill(sas);
  await button(panelOf(hub), "Connect").click();
}

export async function enterViewerKey(hub: FrameLocator, key: string): Promise<void> {
  await command(hub, "Viewer key");
  await panelOf(hub).getByRole("textbox", { name: "Viewer key" }).fill(key);
  await button(panelOf(hub), "Use the key").click();
}

interface Focusable {
  readonly ownerDocument: { readonly activeElement: unknown };
}

function isFocused(element: unknown): boolean {
  return (element as Focusable).ownerDocument.activeElement === element;
}

/** Presses Tab, or another key, until the focus is there. */
export async function tabTo({ page, hub }: HubPage, wanted: Locator, key = "Tab"): Promise<void> {
  await wanted.waitFor();
  for (let step = 0; step < 40; step += 1) {
    if (await wanted.evaluate(isFocused)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${String(wanted)}: the focus is at ${await focused(hub)}`);
}

/** Texts of what has the focus. */
export async function focused(hub: FrameLocator): Promise<string> {
  return (await hub.locator(":focus").allInnerTexts()).join(" ");
}
