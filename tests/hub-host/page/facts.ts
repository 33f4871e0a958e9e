/** What the server tells the host page about the place it shows. */
import { elementAt } from "./browser.ts";

/** How the host answers an extension that asks for a token of Microsoft Entra. */
export type SignInMode =
  /** Tokens that storage takes. */
  | "accepted"
  /** Tokens that storage refuses. */
  | "refused"
  /** Only after the person has confirmed in a window. */
  | "interaction"
  /** The person may not use the application. */
  | "denied"
  /** The host offers no nested sign-in. */
  | "absent";

export interface HostFacts {
  /** Page of the extension that is shown. */
  readonly frameUrl: string;
  readonly organizationUrl: string;
  readonly organization: { readonly id: string; readonly name: string };
  readonly project: { readonly id: string; readonly name: string };
  readonly user: {
    readonly id: string;
    readonly descriptor: string;
    readonly name: string;
    readonly displayName: string;
  };
  readonly extension: {
    readonly publisher: string;
    readonly id: string;
    readonly version: string;
    readonly contribution: string;
  };
  readonly signIn: SignInMode;
  readonly theme: "light" | "dark";
  /** Run whose results are shown around the page; undefined around the hub. */
  readonly buildId?: number;
}

export function hostFacts(): HostFacts {
  return JSON.parse(elementAt("facts").textContent ?? "") as HostFacts;
}
